"""Where spans go: to a collector by OTLP over HTTP, or to the terminal.

The SDK reads its own variables: the address, the headers, the sampler, the batches, the resource.
"""

from importlib.metadata import version

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
)

from sitewatt.tracing.spans import Spans

_UNNAMED = "unknown_service"


def exporting(exporter: str) -> Spans:
    """Return what makes spans and sends them by the exporter, `otlp` or `console`."""
    # What ends it is the service itself, in time: an exporter at exit may wait for its collector.
    provider = TracerProvider(resource=resource(), shutdown_on_exit=False)
    if exporter == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    else:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider.get_tracer("sitewatt", version("sitewatt")), provider.shutdown)


def resource() -> Resource:
    """Return what the variables say of this service; without a name for it, `sitewatt`."""
    told = Resource.create({SERVICE_VERSION: version("sitewatt")})
    if str(told.attributes[SERVICE_NAME]).startswith(_UNNAMED):
        return told.merge(Resource({SERVICE_NAME: "sitewatt"}))
    return told
