"""What this machine has: cores, memory, and bfloat16 products in hardware.

`seqgen.models.tf_runtime` detects a GPU, since that loads TensorFlow.
"""

import contextlib
import math
import os
from pathlib import Path

# Of Linux on x86 and Arm; on other systems bfloat16 is taken to be missing.
CPU_INFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


def cores() -> int:
    """Return the number of processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 numbers in hardware."""
    with contextlib.suppress(OSError):
        return not BFLOAT16_FLAGS.isdisjoint(CPU_INFO.read_text(errors="replace").split())
    return False


def physical_memory() -> float:
    """Return the bytes of memory of this machine; infinite where they are unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # as on Windows
        return math.inf


def address_limit() -> float:
    """Return the bytes of address space that this process may use; infinite without a limit."""
    try:
        import resource
    except ImportError:  # as on Windows
        return math.inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if limit == resource.RLIM_INFINITY else limit
