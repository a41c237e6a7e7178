"""How fast a network runs on this machine, stage by stage, and beside others."""
