import BulkheadCommands

Bulkhead.main()
