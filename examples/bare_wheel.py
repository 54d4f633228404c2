"""An outage, a regeneration and a refund, on `pip install spike-core` alone: nothing else is installed or running."""

from datetime import timedelta

from spike_core.errors import UndecodablePicture
from spike_core.testing import build_in_memory, draw_picture

spike = build_in_memory()
ada = spike.owner("ada@example.org", tokens=10)

job = spike.upload(ada, draw_picture(640, 480)).job
spike.fail_next("upscaler")  # an outage: the job waits for another attempt
spike.work()
assert spike.job(job.id).status.value == "PENDING"
spike.clock.advance(timedelta(minutes=5))
spike.jobs.dispatch.relay()
spike.work()
enhanced = spike.read(spike.job(job.id).result.key)
assert enhanced == draw_picture(1024, 768)

lost = spike.upload(ada).job
spike.fail_next("upscaler", UndecodablePicture())  # for good: no further attempt can succeed
spike.work()
assert spike.job(lost.id).status.value == "REFUNDED"
print(f"{enhanced.decode()}, and {spike.balance(ada)} tokens left")
