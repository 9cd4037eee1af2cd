"""Which cloud model the settings name."""

from app.settings import Settings
from device_sim.hybrid.cloud import CloudModel, NoCloud


def cloud_model(settings: Settings) -> CloudModel:
    """The cloud model that the settings name, or the absence of one."""
    if settings.cloud_base_url is None or settings.cloud_model is None:
        return NoCloud()
    from app.cloud_client import CloudClient  # an HTTP client takes time to load, which most need not spend

    return CloudClient(
        settings.cloud_base_url,
        settings.cloud_model,
        settings.cloud_api_key,
        timeout=settings.cloud_timeout,
        proxy=settings.cloud_proxy,
    )
