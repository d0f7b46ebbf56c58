// The executable's main follows.
