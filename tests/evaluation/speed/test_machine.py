import json
import platform

from pocketmatte import __version__
from pocketmatte.evaluation.speed.machine import describe_machine, describe_versions


def test_processor_and_cores_but_no_name_of_the_machine():
    facts = describe_machine()
    assert facts["cpu"] and facts["cores"] >= 1
    assert "system" in facts
    node = platform.node()
    assert not node or node not in json.dumps(facts)


def test_versions_of_what_is_installed_only():
    found = describe_versions(("numpy", "no-such-package-here"))
    assert set(found) == {"python", "pocketmatte", "numpy"}
    assert found["pocketmatte"] == __version__
