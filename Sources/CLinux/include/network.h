#pragma once

/// A network namespace that is being made.
struct bh_network_maker;

/// Begins to make a network namespace with its loopback interface up, in a process that shares memory and descriptors
/// with this one.
struct bh_network_maker *bh_network_begin(void);

/// Waits until it is made; its descriptor. `maker` is gone then.
int bh_network_end(struct bh_network_maker *maker);
