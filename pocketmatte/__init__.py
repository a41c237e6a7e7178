"""pocketmatte: real-time portrait matting that fits in a pocket.

>>> import pocketmatte as pm
>>> model = pm.load_model()            # "balanced", on the CPU
>>> matte = model(image)               # image: RGB uint8, HWC
>>> matte.alpha, matte.foreground      # float32 [0, 1] HW; RGB uint8 HWC
>>> pm.compose(matte, "beach.jpg")     # RGB uint8 HWC
"""

__version__ = "0.1.0"

_HOME = {
    "Matte": "pocketmatte.matting.pipeline",
    "PocketmatteError": "pocketmatte.errors",
    "compose": "pocketmatte.media.compose",
    "harmonize": "pocketmatte.filters.harmonize",
    "list_models": "pocketmatte.weights",
    "load_model": "pocketmatte.matting.pipeline",
    "matte": "pocketmatte.matting.pipeline",
    "matte_video": "pocketmatte.media.video",
    "VideoReader": "pocketmatte.media.video_reader",
    "VideoSink": "pocketmatte.media.video_sink",
}

__all__ = [*_HOME, "__version__"]


def __getattr__(name: str):
    """Import a public name on first use, so that `import pocketmatte` stays instant."""
    if name in _HOME:
        from importlib import import_module

        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'pocketmatte' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
