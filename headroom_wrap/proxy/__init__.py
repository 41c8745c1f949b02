"""The proxy between an agent and its model: guard, relay, compression in a worker process, receipts."""
