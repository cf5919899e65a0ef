"""The signals of relatedness; each module adds one."""
