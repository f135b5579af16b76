"""One module a noun: `add(parser, common)` tells its verbs, each verb is a function from options to an exit code."""
