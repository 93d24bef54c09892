"""The table of samples, one for each managed kind."""

from __future__ import annotations

from collections.abc import Mapping

from tests.harness.samples.connector import CONNECTOR_SAMPLE
from tests.harness.samples.custom_api import API_SAMPLE
from tests.harness.samples.destination import DESTINATION_SAMPLE
from tests.harness.samples.function import FUNCTION_SAMPLE
from tests.harness.samples.link import LINK_SAMPLE
from tests.harness.samples.sample import Sample
from tests.harness.samples.service import SERVICE_SAMPLE
from tests.harness.samples.stream import STREAM_SAMPLE

SAMPLES: Mapping[str, Sample] = {
    sample.key.kind: sample
    for sample in (
        STREAM_SAMPLE,
        DESTINATION_SAMPLE,
        FUNCTION_SAMPLE,
        SERVICE_SAMPLE,
        LINK_SAMPLE,
        CONNECTOR_SAMPLE,
        API_SAMPLE,
    )
}
