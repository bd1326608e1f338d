package org.wardian.storage.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNode;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.device.DeviceOptions;
import org.wardian.storage.device.ErrorPolicy;
import org.wardian.storage.device.ImageDevice;

/** What owners ask of jobs, and what becomes of jobs when the host fails. */
@Timeout(600)
class JobControlTest {
  private static final int SIZE = 4 << 20;
  private static final JobOptions JOB = JobOptions.of("job");

  @TempDir Path folder;
  private final JobEvents events = new JobEvents();
  private ImageDevice disk;
  private ImageNode target;
  private byte[] content;

  private ImageNode image(String name) throws IOException {
    Path path = folder.resolve(name);
    Images.create(path, CreateOptions.qcow2(SIZE));
    return Images.openShared(path, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2));
  }

  @BeforeEach
  void disks() throws IOException {
    ImageNode source = image("source.qcow2");
    content = new byte[SIZE];
    new Random(5).nextBytes(content);
    source.write(0, ByteBuffer.wrap(content));
    disk = new ImageDevice("disk", source, DeviceOptions.usual(), cause -> {});
    target = image("target.qcow2");
  }

  @AfterEach
  void close() throws IOException {
    disk.close();
    target.close();
  }

  private MirrorJob mirror(JobOptions options, BlockImage to) {
    return new MirrorJob(
        "mirror", options, events, disk, to, MirrorJob.WHOLE, 16, false, JobEnd.NOTHING);
  }

  private BackupJob backup(JobOptions options, BlockImage to) {
    RangeBits wanted = new RangeBits(16, SIZE);
    wanted.set(0, SIZE);
    return new BackupJob(options, events, disk, to, wanted, true, false, JobEnd.NOTHING);
  }

  private void checkCopy() throws IOException {
    byte[] copy = new byte[SIZE];
    target.read(0, ByteBuffer.wrap(copy));
    assertThat(copy).isEqualTo(content);
  }

  @Test
  void aSpeedIsHeldInTheLongRun() {
    JobSpeed speed = new JobSpeed(1000);
    long now = 1;
    long moved = 0;
    while (now < 10_000_000_000L) {
      long delay = speed.delay(now);
      if (delay > 0) {
        now += delay;
      } else {
        speed.spend(300);
        moved += 300;
      }
    }
    assertThat(moved).isBetween(9_700L, 10_700L);
    speed.change(0);
    assertThat(speed.delay(now)).isZero();
  }

  @Test
  void aPausedJobStandsStillAndGoesOn() throws Exception {
    Job job = mirror(JOB.withSpeed(1), target);
    job.start();
    job.pause();
    events.await("paused");
    assertThatThrownBy(job::pause).hasMessage("Job is already paused");
    assertThatThrownBy(() -> job.cancel(false))
        .hasMessage("The block job for device 'job' is currently paused");
    long offset = job.offset();
    job.setSpeed(0);
    assertThat(job.busy()).isFalse();
    assertThat(job.offset()).isEqualTo(offset);
    job.resume();
    assertThatThrownBy(job::resume).hasMessage("Can't resume a job that was not paused");
    events.await("READY");
    assertThat(job.offset()).isEqualTo(SIZE);
    assertThat(job.length()).isEqualTo(SIZE);
    job.complete();
    job.join();
    checkCopy();
  }

  @Test
  void aSlowJobIsCancelledAtOnce() throws Exception {
    Job job = mirror(JOB.withSpeed(1), target);
    job.start();
    assertThatThrownBy(job::complete)
        .hasMessage("Job 'job' in state 'running' cannot accept command verb 'complete'");
    assertThatThrownBy(job::dismiss)
        .hasMessage("Job 'job' in state 'running' cannot accept command verb 'dismiss'");
    assertThatThrownBy(() -> job.setSpeed(-1))
        .hasMessage("Parameter 'speed' expects a non-negative value");
    job.cancel(false);
    job.join();
    assertThat(events.list())
        .containsExactly("created", "running", "aborting", "CANCELLED", "concluded", "null");
    assertThat(job.error()).isEqualTo("Operation canceled");
  }

  @Test
  void anOwnerFinalizesAndDismisses() throws Exception {
    Job job = backup(JOB.withAuto(false, false), target);
    ((BackupJob) job).begin();
    job.start();
    events.await("PENDING");
    assertThat(job.status()).isEqualTo(JobStatus.PENDING);
    job.finalizeJob();
    job.join();
    assertThat(job.status()).isEqualTo(JobStatus.CONCLUDED);
    assertThatThrownBy(() -> job.cancel(true))
        .hasMessage("Job 'job' in state 'concluded' cannot accept command verb 'cancel'");
    job.dismiss();
    assertThat(events.list())
        .containsExactly(
            "created",
            "running",
            "waiting",
            "pending",
            "PENDING",
            "COMPLETED",
            "concluded",
            "null");
    checkCopy();
  }

  @Test
  void aFullHostStopsTheJobUntilThereIsRoom() throws Exception {
    TroubledImage full = new TroubledImage(target);
    Job job = mirror(JOB.withErrors(ErrorPolicy.REPORT, ErrorPolicy.STOP_ON_NO_SPACE), full);
    job.start();
    events.await("paused");
    assertThat(events.list()).contains("ERROR write stop");
    assertThat(job.ioStatus()).isEqualTo("nospace");
    full.makeRoom();
    job.resume();
    events.await("READY");
    assertThat(job.ioStatus()).isEqualTo("ok");
    job.complete();
    job.join();
    checkCopy();
  }

  @Test
  void anErrorIsReportedAndEndsTheJob() throws Exception {
    Job job = backup(JOB, new TroubledImage(target));
    ((BackupJob) job).begin();
    job.start();
    job.join();
    assertThat(events.list())
        .contains("ERROR write report", "FAILED no room on the host", "aborting");
  }

  @Test
  void anIgnoredErrorIsTriedAgain() throws Exception {
    TroubledImage full = new TroubledImage(target);
    Job job = mirror(JOB.withErrors(ErrorPolicy.REPORT, ErrorPolicy.IGNORE), full);
    job.start();
    events.await("ERROR write ignore");
    full.makeRoom();
    events.await("READY");
    job.complete();
    job.join();
    checkCopy();
  }

  @Test
  void aGuestsWriteGoesOnWhereItsOldContentCannotBeSaved() throws Exception {
    BackupJob job = backup(JOB.withSpeed(1), new TroubledImage(target));
    job.begin();
    DeviceStripe guest = new DeviceStripe(disk, 0, SIZE);
    guest.write(SIZE / 2, ByteBuffer.allocate(512));
    byte[] got = new byte[512];
    guest.read(SIZE / 2, ByteBuffer.wrap(got));
    assertThat(got).isEqualTo(new byte[512]);
    assertThatThrownBy(() -> job.view().read(0, ByteBuffer.allocate(512)))
        .hasMessageContaining("broken");
    job.start();
    job.join();
    assertThat(events.list()).contains("FAILED no room on the host");
  }

  @Test
  void aMomentIsGoneWithItsBackup() throws Exception {
    BackupJob job = backup(JOB, target);
    job.begin();
    BlockImage view = job.view();
    view.read(0, ByteBuffer.allocate(512));
    job.start();
    job.join();
    assertThatThrownBy(() -> view.read(0, ByteBuffer.allocate(512)))
        .hasMessageContaining("has ended");
    assertThatThrownBy(() -> view.write(0, ByteBuffer.allocate(512)))
        .hasMessageContaining("read-only");
  }
}
