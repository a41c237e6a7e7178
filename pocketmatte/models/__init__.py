"""Networks in plain torch. `create_model(name)` builds one by its registered name."""

from pocketmatte.models import (  # noqa: F401  (register their variants)
    harmonizer,
    mobile_unet,
    pocket_unet,
    selfie_mixer,
    selfie_unet,
)
from pocketmatte.models.registry import Model, create_model, register_model, registered_models

__all__ = ["Model", "create_model", "register_model", "registered_models"]
