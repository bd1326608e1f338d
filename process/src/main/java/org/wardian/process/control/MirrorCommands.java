package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;
import org.wardian.storage.job.JobEnd;
import org.wardian.storage.job.JobOptions;
import org.wardian.storage.job.MirrorJob;

/** Copies of disks in use, to which the disks may move. */
final class MirrorCommands {
  private final MachineControl control;
  private final JobTable jobs;
  private final Targets targets;
  private final MovedDisks moved;

  MirrorCommands(MachineControl control, JobTable jobs, Targets targets, MovedDisks moved) {
    this.control = control;
    this.jobs = jobs;
    this.targets = targets;
    this.moved = moved;
  }

  void addTo(CommandTable table) {
    table.add(
        "drive-mirror",
        JobWords.parameters(
            required("target", ParameterType.STRING),
            required("sync", ParameterType.STRING),
            optional("format", ParameterType.STRING),
            optional("node-name", ParameterType.STRING),
            optional("replaces", ParameterType.STRING),
            optional("mode", ParameterType.STRING),
            optional("granularity", ParameterType.INTEGER),
            optional("buf-size", ParameterType.INTEGER),
            optional("on-source-error", ParameterType.STRING),
            optional("on-target-error", ParameterType.STRING),
            optional("unmap", ParameterType.BOOLEAN),
            optional("copy-mode", ParameterType.STRING)),
        arguments -> start(arguments, true));
    table.add(
        "blockdev-mirror",
        JobWords.parameters(
            required("target", ParameterType.STRING),
            required("sync", ParameterType.STRING),
            optional("replaces", ParameterType.STRING),
            optional("granularity", ParameterType.INTEGER),
            optional("buf-size", ParameterType.INTEGER),
            optional("on-source-error", ParameterType.STRING),
            optional("on-target-error", ParameterType.STRING),
            optional("copy-mode", ParameterType.STRING)),
        arguments -> start(arguments, false));
  }

  private JsonNode start(Arguments arguments, boolean file) throws QmpException {
    synchronized (jobs) {
      Drive drive = JobWords.drive(control, arguments);
      JobOptions options = JobWords.options(jobs, drive, arguments);
      jobs.checkFree(drive);
      if (arguments.has("replaces")) {
        throw new QmpException("Parameter 'replaces' is not supported by this machine");
      }
      int depth = depth(arguments);
      boolean blocking = blocking(arguments);
      ImageNode source = JobWords.top(drive);
      ImageNode below =
          depth == 0 ? source : depth == MirrorJob.WHOLE ? null : source.below().orElse(null);
      Targets.Target target =
          file
              ? targets.opened(drive, arguments, below)
              : targets.added(arguments.string("target"));
      try {
        if (target.node().length() < drive.device().length()) {
          throw new QmpException("The target is smaller than '" + drive.nodeName() + "'");
        }
        MirrorJob job =
            new MirrorJob(
                "mirror",
                options,
                jobs,
                drive.device(),
                target.node(),
                depth,
                JobWords.shift(arguments, target.node()),
                blocking,
                new Pivot(options.id(), drive, target));
        jobs.add(job, drive, List.of(target.node()));
        job.start();
        return Arguments.none();
      } catch (QmpException | RuntimeException e) {
        target.undo();
        throw e;
      }
    }
  }

  private static int depth(Arguments arguments) throws QmpException {
    String sync = arguments.string("sync");
    return switch (sync) {
      case "full" -> MirrorJob.WHOLE;
      case "top" -> 1;
      case "none" -> 0;
      case "incremental", "bitmap" ->
          throw new QmpException("Sync mode '" + sync + "' not supported");
      default -> throw Replies.noValue("sync", sync);
    };
  }

  private static boolean blocking(Arguments arguments) throws QmpException {
    String mode = arguments.optionalString("copy-mode").orElse("background");
    return switch (mode) {
      case "background" -> false;
      case "write-blocking" -> true;
      default -> throw Replies.noValue("copy-mode", mode);
    };
  }

  /** The disk goes on with the target. */
  private final class Pivot implements JobEnd {
    private final String job;
    private final Drive drive;
    private final Targets.Target target;

    Pivot(String job, Drive drive, Targets.Target target) {
      this.job = job;
      this.drive = drive;
      this.target = target;
    }

    @Override
    public void conclude() throws IOException {
      ImageNode node = target.node();
      moved.add(job);
      // What a client added is the disk's from now on.
      control.parts().nodes().take(node);
      BlockImage old = drive.device().replace(node);
      drive.moved(node);
      try {
        old.close();
      } catch (IOException e) {
        // The disk has no use for it any more.
        System.getLogger(MirrorCommands.class.getName())
            .log(System.Logger.Level.WARNING, old + " was not closed well", e);
      }
    }

    @Override
    public void clean(boolean good) throws IOException {
      if (!good && target.owned()) {
        target.node().close();
      }
    }
  }
}
