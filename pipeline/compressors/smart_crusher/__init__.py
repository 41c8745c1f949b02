"""SmartCrusher: JSON in columns."""

from pipeline.compressors.smart_crusher.crusher import SmartCrusher

__all__ = ["SmartCrusher"]
