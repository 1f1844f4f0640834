"""The list of checks: plain functions with a sentence for a name."""


class Check:
    def __init__(self, sentence, function, also, servers):
        self.sentence = sentence
        self.function = function
        self.also = also
        self.servers = servers


CHECKS = []


def check(sentence, also=(), servers=1):
    """Registers a check. `also`: scheduler variants besides 1.37.2 with NodeNames that run it: "1.35", "nodes-form".
    `servers`: how many API servers it needs; with more than one it gets a control plane of its own."""
    def register(function):
        CHECKS.append(Check(sentence, function, tuple(also), servers))
        return function
    return register
