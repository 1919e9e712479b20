"""All attacks."""

from attacks.attack import Attack
from attacks.catalogue import files, kernel, marks, notebook, processes, reading, resources, values, wire

ATTACKS: dict[str, Attack] = {
    attack.name: attack
    for module in (reading, marks, values, wire, notebook, files, processes, kernel, resources)
    for attack in module.ATTACKS
}
