"""What devices/README.md draws from the code: one row for each model that a driver reads."""

from devices.driver import Manifest
from devices.registry import manifests

_UNSTATED = "not stated"


def model_table() -> str:
    """Each registered model: how its bytes come, what they give, and what the driver was checked with."""
    lines = [
        "| driver | model | comes by | gives | grade | verified against | known limits |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(manifest) for manifest in manifests()]
    return "\n".join(lines)


def _row(manifest: Manifest) -> str:
    cells = (
        f"`{manifest.driver}`",
        manifest.model,
        _way(manifest),
        _gift(manifest),
        manifest.grade.value,
        manifest.verified_against or "its own simulator only",
        "; ".join(manifest.known_limits) or "none known",
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _way(manifest: Manifest) -> str:
    rates = ", ".join(str(rate) for rate in manifest.baud_rates)
    return f"{manifest.wire.value} at {rates} baud" if rates else manifest.wire.value


def _gift(manifest: Manifest) -> str:
    if manifest.kind is None:
        return manifest.device_kind.value
    sites = ", ".join(site.value for site in manifest.sites) or "site by setting"
    size = f", {manifest.columns}x{manifest.rows}" if manifest.columns else ""
    accuracy = f"±{manifest.accuracy_c} °C" if manifest.accuracy_c is not None else _UNSTATED
    indicative = ", indicative" if manifest.is_indicative else ""
    return f"{manifest.kind.value}, {sites}{size}, maker's accuracy {accuracy}{indicative}"
