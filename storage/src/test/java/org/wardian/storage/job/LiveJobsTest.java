package org.wardian.storage.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.ImageNode;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.QemuTools;
import org.wardian.storage.RandomOperations;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.qcow2.Qcow2Image;

/** Jobs copy, merge and back up a disk while four threads write to it. */
class LiveJobsTest {
  private static final int SIZE = (12 << 20) + 3 * 512;
  private static final int SHIFT = 16;
  private static final JobOptions JOB = JobOptions.of("job");

  @TempDir Path folder;
  private Path base;
  private Path middle;
  private Path top;
  private final JobEvents events = new JobEvents();

  /** A chain of three, each with something in it. */
  @BeforeEach
  void chain() throws IOException {
    base = folder.resolve("base.raw");
    middle = folder.resolve("middle.qcow2");
    top = folder.resolve("top.qcow2");
    Images.create(base, CreateOptions.raw(SIZE));
    fill(base, ImageFormat.RAW, 1);
    Images.create(middle, CreateOptions.qcow2(SIZE).withBacking(base.toString(), ImageFormat.RAW));
    fill(middle, ImageFormat.QCOW2, 2);
    Images.create(
        top,
        CreateOptions.qcow2(SIZE)
            .withClusterSize(4096)
            .withBacking(middle.toString(), ImageFormat.QCOW2));
    fill(top, ImageFormat.QCOW2, 3);
  }

  private static void fill(Path image, ImageFormat format, long seed) throws IOException {
    try (BlockImage open = Images.open(image, OpenOptions.readWrite().withFormat(format))) {
      RandomOperations operations = new RandomOperations(seed, SIZE).withoutDiscards();
      operations.model(RandomOperations.content(open));
      operations.run(open, 30);
    }
  }

  private BusyDisk disk(long seed) throws IOException {
    ImageNode node = Images.openShared(top, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2));
    return new BusyDisk(node, seed);
  }

  private ImageNode target(String format) throws IOException {
    Path path = folder.resolve("target." + format);
    CreateOptions options =
        format.equals("raw")
            ? CreateOptions.raw(SIZE)
            : CreateOptions.qcow2(SIZE).withClusterSize(128 << 10);
    Images.create(path, options);
    return Images.openShared(path, OpenOptions.readWrite().withFormat(options.format()));
  }

  private static ImageNode below(BusyDisk disk, int depth) {
    ImageNode node = (ImageNode) disk.device().source();
    for (int i = 0; i < depth; i++) {
      node = node.below().orElseThrow();
    }
    return node;
  }

  /** Moves a disk, having looked whether the target is the same. */
  private static JobEnd moving(BusyDisk disk, ImageNode target) {
    return new JobEnd() {
      @Override
      public void conclude() throws IOException {
        assertThat(Arrays.mismatch(disk.content(disk.device().source()), disk.content(target)))
            .isEqualTo(-1);
        disk.device().replace(target).close();
      }

      @Override
      public void clean(boolean good) throws IOException {
        if (!good) {
          target.close();
        }
      }
    };
  }

  private void checkFile(Path image, String format, byte[] content) throws IOException {
    QemuTools.require();
    Path expected = folder.resolve("expected.raw");
    java.nio.file.Files.write(expected, content);
    assertThat(QemuTools.img("compare", "-f", "raw", "-F", format, expected, image))
        .contains("identical");
    if (format.equals("qcow2")) {
      assertThat(QemuTools.img("check", image)).contains("No errors");
    }
  }

  @ParameterizedTest
  @CsvSource({"raw,false", "qcow2,false", "qcow2,true"})
  void aMirrorFollowsAndTheDiskMovesToIt(String format, boolean blocking) throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(11).start()) {
      ImageNode target = target(format);
      MirrorJob job =
          new MirrorJob(
              "mirror",
              JOB,
              events,
              disk.device(),
              target,
              MirrorJob.WHOLE,
              17,
              blocking,
              moving(disk, target));
      job.start();
      events.await("READY");
      Thread.sleep(100);
      job.complete();
      job.join();
      assertThat(events.list())
          .containsExactly(
              "created",
              "running",
              "ready",
              "READY",
              "waiting",
              "pending",
              "COMPLETED",
              "concluded",
              "null");
      assertThat(disk.device().source()).isSameAs(target);
      Thread.sleep(50);
      disk.stop();
      model = disk.model();
      assertThat(disk.moment()).isEqualTo(model);
    }
    checkFile(folder.resolve("target." + format), format, model);
  }

  @Test
  void aMirrorOfTheTopOnlyStandsOnTheSameImages() throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(12).start()) {
      Path path = folder.resolve("copy.qcow2");
      Images.create(
          path, CreateOptions.qcow2(SIZE).withBacking(middle.toString(), ImageFormat.QCOW2));
      ImageNode target =
          Images.openOver(path, ImageFormat.QCOW2, OpenOptions.readWrite(), below(disk, 1).share());
      MirrorJob job =
          new MirrorJob(
              "mirror", JOB, events, disk.device(), target, 1, SHIFT, false, moving(disk, target));
      job.start();
      events.await("READY");
      job.complete();
      job.join();
      assertThat(events.list()).contains("COMPLETED");
      disk.stop();
      model = disk.model();
    }
    checkFile(folder.resolve("copy.qcow2"), "qcow2", model);
  }

  @Test
  void aMirrorThatIsCancelledWhenReadyIsTheDiskOfOneMoment() throws Exception {
    AtomicReference<byte[]> last = new AtomicReference<>();
    try (BusyDisk disk = disk(13).start()) {
      ImageNode target = target("qcow2");
      MirrorJob job =
          new MirrorJob(
              "mirror",
              JOB,
              events,
              disk.device(),
              target,
              MirrorJob.WHOLE,
              17,
              false,
              moving(disk, target));
      job.start();
      events.await("READY");
      disk.stop();
      last.set(disk.model());
      job.cancel(false);
      job.join();
      assertThat(events.list()).contains("COMPLETED").doesNotContain("CANCELLED");
      assertThat(disk.moment()).isEqualTo(last.get());
    }
    checkFile(folder.resolve("target.qcow2"), "qcow2", last.get());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theImageThatIsWrittenIsCommitted(int depth) throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(14).start()) {
      ImageNode target = below(disk, depth).share();
      target.reopen(true);
      MirrorJob job =
          new MirrorJob(
              "commit",
              JOB,
              events,
              disk.device(),
              target,
              depth,
              SHIFT,
              false,
              moving(disk, target));
      job.start();
      events.await("READY");
      Thread.sleep(50);
      job.complete();
      job.join();
      assertThat(events.list()).contains("COMPLETED");
      disk.stop();
      model = disk.model();
      assertThat(disk.moment()).isEqualTo(model);
    }
    checkFile(depth == 1 ? middle : base, depth == 1 ? "qcow2" : "raw", model);
  }

  @Test
  void anImageBeneathIsCommitted() throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(15).start()) {
      ImageNode down = below(disk, 2).share();
      down.reopen(true);
      Qcow2Image above = (Qcow2Image) disk.device().image();
      JobEnd end =
          new JobEnd() {
            @Override
            public void conclude() throws IOException {
              above.changeBacking(base.toString(), "raw", down.share());
            }

            @Override
            public void clean(boolean good) throws IOException {
              down.reopen(false);
              down.close();
            }
          };
      CommitJob job = new CommitJob(JOB, events, disk.device(), below(disk, 1), down, 1, end);
      job.start();
      job.join();
      assertThat(events.list())
          .containsExactly(
              "created", "running", "waiting", "pending", "COMPLETED", "concluded", "null");
      assertThat(below(disk, 1)).isSameAs(down);
      disk.stop();
      model = disk.model();
      assertThat(disk.moment()).isEqualTo(model);
    }
    assertThat(QemuTools.img("info", top)).contains("backing file: " + base);
    checkFile(top, "qcow2", model);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theDiskGetsWhatShowsThrough(boolean whole) throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(16).start()) {
      Qcow2Image image = (Qcow2Image) disk.device().image();
      ImageNode stays = whole ? null : below(disk, 2).share();
      JobEnd end =
          new JobEnd() {
            @Override
            public void conclude() throws IOException {
              image.changeBacking(whole ? null : base.toString(), whole ? null : "raw", stays);
            }

            @Override
            public void clean(boolean good) {
              // The image has it.
            }
          };
      StreamJob job =
          new StreamJob(
              JOB,
              events,
              disk.device(),
              whole ? StreamJob.WHOLE : 2,
              whole ? 0 : stays.length(),
              end);
      job.start();
      job.join();
      assertThat(events.list()).contains("COMPLETED");
      disk.stop();
      model = disk.model();
      assertThat(disk.moment()).isEqualTo(model);
    }
    if (whole) {
      assertThat(QemuTools.img("info", top)).doesNotContain("backing file");
    }
    checkFile(top, "qcow2", model);
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "qcow2"})
  void aBackupIsTheDiskOfOneMoment(String format) throws Exception {
    byte[] moment;
    try (BusyDisk disk = disk(17).start()) {
      ImageNode target = target(format);
      RangeBits wanted = new RangeBits(17, SIZE);
      wanted.set(0, SIZE);
      BackupJob job =
          new BackupJob(JOB, events, disk.device(), target, wanted, true, false, closing(target));
      disk.device().drain();
      moment = disk.content(disk.device().source());
      job.begin();
      disk.device().endDrain();
      job.start();
      job.join();
      assertThat(events.list()).contains("COMPLETED");
      disk.stop();
      assertThat(disk.moment()).isEqualTo(disk.model());
    }
    checkFile(folder.resolve("target." + format), format, moment);
  }

  @Test
  void theMomentOfABackupCanBeReadWhileTheGuestWrites() throws Exception {
    byte[] moment;
    try (BusyDisk disk = disk(18).start()) {
      Path scratch = folder.resolve("scratch.qcow2");
      Images.create(scratch, CreateOptions.qcow2(SIZE));
      ImageNode target =
          Images.openOver(
              scratch,
              ImageFormat.QCOW2,
              OpenOptions.readWrite(),
              ((ImageNode) disk.device().source()).share());
      RangeBits wanted = new RangeBits(SHIFT, SIZE);
      wanted.set(0, SIZE);
      BackupJob job =
          new BackupJob(JOB, events, disk.device(), target, wanted, false, true, closing(target));
      disk.device().drain();
      moment = disk.content(disk.device().source());
      job.begin();
      disk.device().endDrain();
      job.start();
      for (int i = 0; i < 20; i++) {
        assertThat(Arrays.mismatch(disk.content(job.view()), moment)).isEqualTo(-1);
      }
      job.cancel(false);
      job.join();
      assertThat(events.list()).contains("CANCELLED");
      disk.stop();
      assertThat(disk.moment()).isEqualTo(disk.model());
    }
  }

  private static JobEnd closing(ImageNode target) {
    return new JobEnd() {
      @Override
      public void conclude() {
        // It is complete as it is.
      }

      @Override
      public void clean(boolean good) throws IOException {
        target.close();
      }
    };
  }

  /** Each kind of job, ended where it just is; the disk is what was written. */
  @ParameterizedTest
  @ValueSource(strings = {"mirror", "commit", "beneath", "stream", "backup"})
  void aJobThatIsKilledLeavesTheDisk(String kind) throws Exception {
    byte[] model;
    try (BusyDisk disk = disk(19)) {
      disk.start();
      for (int i = 0; i < 6; i++) {
        Job job = start(kind, disk, i);
        Thread.sleep(i * 4L);
        job.abandon();
      }
      disk.stop();
      model = disk.model();
      assertThat(disk.moment()).isEqualTo(model);
    }
    checkFile(top, "qcow2", model);
  }

  private Job start(String kind, BusyDisk disk, int run) throws IOException {
    JobOptions slow = JOB.withSpeed(20 << 20);
    Path path = folder.resolve("t" + run + ".qcow2");
    Images.create(path, CreateOptions.qcow2(SIZE));
    ImageNode target =
        Images.openShared(path, OpenOptions.readWrite().withFormat(ImageFormat.QCOW2));
    JobEnd end = closing(target);
    Job job =
        switch (kind) {
          case "mirror" ->
              new MirrorJob(
                  "mirror",
                  slow,
                  events,
                  disk.device(),
                  target,
                  MirrorJob.WHOLE,
                  16,
                  run % 2 == 0,
                  end);
          case "commit" -> {
            ImageNode down = below(disk, 1);
            down.reopen(true);
            yield new MirrorJob("commit", slow, events, disk.device(), down, 1, SHIFT, false, end);
          }
          case "beneath" -> {
            ImageNode down = below(disk, 2);
            down.reopen(true);
            yield new CommitJob(slow, events, disk.device(), below(disk, 1), down, 1, never(end));
          }
          case "stream" ->
              new StreamJob(slow, events, disk.device(), StreamJob.WHOLE, 0, never(end));
          default -> {
            RangeBits wanted = new RangeBits(SHIFT, SIZE);
            wanted.set(0, SIZE);
            BackupJob backup =
                new BackupJob(slow, events, disk.device(), target, wanted, true, false, end);
            backup.begin();
            yield backup;
          }
        };
    job.start();
    return job;
  }

  /** The end of a job that fails at the last step. */
  private static JobEnd never(JobEnd end) {
    return new JobEnd() {
      @Override
      public void conclude() throws IOException {
        throw new IOException("not this time");
      }

      @Override
      public void clean(boolean good) throws IOException {
        end.clean(good);
      }
    };
  }
}
