"""Each line of a file against the schema of its class. Prints how many events of each class there are."""

import collections
import json
import sys

from jsonschema import Draft202012Validator

schema = json.load(open(sys.argv[1], encoding="utf-8"))
names = {6003: "api_activity", 3002: "authentication", 3004: "entity_management"}
validators = {
    uid: Draft202012Validator({"$ref": "#/$defs/" + name, "$defs": schema["$defs"]}) for uid, name in names.items()
}
counts = collections.Counter()
for number, line in enumerate(open(sys.argv[2], encoding="utf-8", newline="\n"), 1):
    event = json.loads(line)
    for error in validators[event["class_uid"]].iter_errors(event):
        sys.exit(f"line {number}, {error.json_path}: {error.message}")
    counts[event["class_uid"]] += 1
print(json.dumps(counts))
