"""What stands in a request's first line is the sender's: it may make a fault, never an exception."""

import pytest

from devices.http_message import HttpMessageError, read_request, write_request
from devices.reading import Fault, FaultCode
from tests.devices.specimens import SPECIMENS, decode, essence

TARGETS = ("/iclock/cdata?SN=7&" + "1&" * 60 + "table=rtlog", "//[", "//[x]y/iclock/cdata?SN=7")


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_cannot_be_taken_apart_is_no_request(target):
    with pytest.raises(HttpMessageError, match="target"):
        read_request(write_request("POST", target, media_type="text/plain", body=b"x"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["zkteco_push", "uniview_lapi", "hikvision_push"])
def test_a_driver_fed_such_a_request_tells_a_fault_and_reads_the_next(name, target):
    strange = write_request("POST", target, media_type="application/json", body=b"{}")
    good = SPECIMENS[name].units[0]
    first, *rest = decode(name, [strange, good])
    assert isinstance(first, Fault)
    assert first.code is FaultCode.BAD_MESSAGE
    assert [essence(one, with_place=False) for one in rest] == [
        essence(one, with_place=False) for one in decode(name, [good])
    ]
