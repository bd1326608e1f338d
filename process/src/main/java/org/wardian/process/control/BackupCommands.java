package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.Parameter;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.Extent;
import org.wardian.storage.ImageNode;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.job.BackupJob;
import org.wardian.storage.job.JobOptions;

/** Copies of disks in use as they were at one moment. */
final class BackupCommands {
  private static final int USUAL_SHIFT = 16;

  private final MachineControl control;
  private final JobTable jobs;
  private final Targets targets;

  BackupCommands(MachineControl control, JobTable jobs, Targets targets) {
    this.control = control;
    this.jobs = jobs;
    this.targets = targets;
  }

  void addTo(CommandTable table, TransactionCommands transactions) {
    transactions.add(
        table, "blockdev-backup", parameters(), arguments -> new Backup(arguments, false));
    List<Parameter> withFile = new ArrayList<>(parameters());
    withFile.add(optional("format", ParameterType.STRING));
    withFile.add(optional("mode", ParameterType.STRING));
    withFile.add(optional("node-name", ParameterType.STRING));
    transactions.add(table, "drive-backup", withFile, arguments -> new Backup(arguments, true));
  }

  private static List<Parameter> parameters() {
    return JobWords.parameters(
        required("target", ParameterType.STRING),
        required("sync", ParameterType.STRING),
        optional("bitmap", ParameterType.STRING),
        optional("bitmap-mode", ParameterType.STRING),
        optional("compress", ParameterType.BOOLEAN),
        optional("on-source-error", ParameterType.STRING),
        optional("on-target-error", ParameterType.STRING));
  }

  /** One disk's backup, begun at the moment of its transaction. */
  private final class Backup implements TransactionAction {
    private final Arguments arguments;
    private final boolean file;
    private BackupJob job;
    private Targets.Target target;
    private DirtyBitmap frozen;

    Backup(Arguments arguments, boolean file) {
      this.arguments = arguments;
      this.file = file;
    }

    @Override
    public void prepare() throws QmpException {
      Drive drive = JobWords.drive(control, arguments);
      JobOptions options = JobWords.options(jobs, drive, arguments);
      jobs.checkFree(drive);
      String sync = sync();
      ImageNode source = JobWords.top(drive);
      DirtyBitmap bitmap = bitmap(source, sync);
      BackupEnd.Mode mode = mode(sync, bitmap);
      ImageNode below =
          switch (sync) {
            case "top" -> source.below().orElse(null);
            case "none" -> source;
            default -> null;
          };
      target =
          file
              ? targets.opened(drive, arguments, below)
              : targets.added(arguments.string("target"));
      try {
        if (target.node().length() != drive.device().length()) {
          throw new QmpException("Source and target image have different sizes");
        }
        int shift = Math.max(USUAL_SHIFT, JobWords.clusterShift(target.node()));
        RangeBits wanted = new RangeBits(shift, drive.device().length());
        want(wanted, source, sync, bitmap);
        job =
            new BackupJob(
                options,
                jobs,
                drive.device(),
                target.node(),
                wanted,
                !sync.equals("none"),
                !sync.equals("full"),
                new BackupEnd(drive, target, bitmap, mode, wanted));
      } catch (QmpException | RuntimeException e) {
        target.undo();
        throw e;
      }
      if (bitmap != null) {
        bitmap.freeze();
        frozen = bitmap;
      }
      job.begin();
      jobs.add(job, drive, List.of(target.node()));
    }

    private String sync() throws QmpException {
      String sync = arguments.string("sync");
      if (!List.of("full", "top", "none", "incremental", "bitmap").contains(sync)) {
        throw Replies.noValue("sync", sync);
      }
      if (arguments.bool("compress", false)) {
        throw new QmpException("Parameter 'compress' is not supported by this machine");
      }
      return sync;
    }

    private DirtyBitmap bitmap(ImageNode source, String sync) throws QmpException {
      boolean needed = sync.equals("incremental") || sync.equals("bitmap");
      if (!arguments.has("bitmap")) {
        if (needed) {
          throw new QmpException("must provide a valid bitmap name for '" + sync + "' sync mode");
        }
        if (arguments.has("bitmap-mode")) {
          throw new QmpException("Cannot specify bitmap sync mode without a bitmap");
        }
        return null;
      }
      String name = arguments.string("bitmap");
      if (BitmapCommands.bitmaps(source).find(name).isEmpty()) {
        throw new QmpException("Bitmap '" + name + "' could not be found");
      }
      DirtyBitmap bitmap = BitmapCommands.find(BitmapCommands.bitmaps(source), name);
      if (bitmap.inconsistent()) {
        throw new QmpException("Bitmap '" + name + "' is inconsistent and cannot be used");
      }
      return bitmap;
    }

    private BackupEnd.Mode mode(String sync, DirtyBitmap bitmap) throws QmpException {
      if (bitmap == null) {
        return BackupEnd.Mode.NEVER;
      }
      if (!arguments.has("bitmap-mode")) {
        if (sync.equals("incremental")) {
          return BackupEnd.Mode.ON_SUCCESS;
        }
        throw new QmpException("Bitmap sync mode must be given when providing a bitmap");
      }
      String word = arguments.string("bitmap-mode");
      BackupEnd.Mode mode =
          switch (word) {
            case "on-success" -> BackupEnd.Mode.ON_SUCCESS;
            case "never" -> BackupEnd.Mode.NEVER;
            case "always" -> BackupEnd.Mode.ALWAYS;
            default -> throw Replies.noValue("bitmap-mode", word);
          };
      if (sync.equals("incremental") && mode != BackupEnd.Mode.ON_SUCCESS) {
        throw new QmpException(
            "Bitmap sync mode must be 'on-success' when using sync mode 'incremental'");
      }
      if (sync.equals("none") || sync.equals("full") && mode == BackupEnd.Mode.NEVER) {
        throw new QmpException(
            sync.equals("none")
                ? "sync mode 'none' does not produce meaningful bitmap outputs"
                : "Bitmap sync mode 'never' has no meaningful effect when combined with sync mode"
                    + " 'full'");
      }
      return mode;
    }

    @Override
    public void commit() {
      job.start();
    }

    @Override
    public void abort() {
      jobs.forget(job);
      job.discard();
      if (frozen != null) {
        frozen.reclaim();
      }
      target.undo();
    }
  }

  private static void want(RangeBits wanted, ImageNode source, String sync, DirtyBitmap bitmap)
      throws QmpException {
    switch (sync) {
      case "incremental", "bitmap" -> {
        if (bitmap.bits().size() != wanted.size()) {
          throw new QmpException("Bitmap '" + bitmap.name() + "' is of another size");
        }
        wanted.merge(bitmap.bits());
      }
      case "top" -> {
        try {
          long at = 0;
          while (at < wanted.size()) {
            Extent extent = source.extent(at, wanted.size() - at);
            if (extent.depth() == 0) {
              wanted.set(at, extent.length());
            }
            at += extent.length();
          }
        } catch (IOException e) {
          throw new QmpException(e.getMessage());
        }
      }
      default -> wanted.set(0, wanted.size());
    }
  }
}
