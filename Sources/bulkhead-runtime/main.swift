RuntimeProgram.main()
