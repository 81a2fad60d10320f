"""The servers that a test declares: real applications, in virtual time, without a socket.

The loop asks here for names and connections, and calls the transports at its steps. Everything
else about a network stands in this package: hosts, latency, faults, HTTP.
"""

from llm_sim.network._clients import names_found_by_the_loop
from llm_sim.network._connections import CUT, HANG, REFUSE, UNKNOWN, Fault, Host
from llm_sim.network._hosts import Hosts
from llm_sim.network._network import Network
from llm_sim.network._servers import Servers

__all__ = [
    "CUT",
    "HANG",
    "REFUSE",
    "UNKNOWN",
    "Fault",
    "Host",
    "Hosts",
    "Network",
    "Servers",
    "names_found_by_the_loop",
]
