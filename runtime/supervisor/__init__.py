"""守护: starts every process of the system, and starts again what dies.

Restarting is all it does: no process keeps anything that must not be lost outside PostgreSQL.
"""

from runtime.supervisor.ports import Ports
from runtime.supervisor.system import StartFailed, System

__all__ = ["Ports", "StartFailed", "System"]
