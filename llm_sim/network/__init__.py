"""The servers that a test declares: real applications, in virtual time, without a socket.

The loop carries the bytes; what is served is said here.
"""

from llm_sim.network._clients import names_found_by_the_loop
from llm_sim.network._network import Network
from llm_sim.network._servers import Servers

__all__ = ["Network", "Servers", "names_found_by_the_loop"]
