package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.wardian.process.domain.BlockNodes;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;
import org.wardian.storage.job.CommitJob;
import org.wardian.storage.job.JobEnd;
import org.wardian.storage.job.JobOptions;
import org.wardian.storage.job.MirrorJob;
import org.wardian.storage.job.StreamJob;
import org.wardian.storage.qcow2.Qcow2Image;

/** Chains of disks in use become shorter, from above or from beneath. */
final class CommitCommands {
  private static final int USUAL_SHIFT = 16;

  private final MachineControl control;
  private final JobTable jobs;
  private final MovedDisks moved;

  CommitCommands(MachineControl control, JobTable jobs, MovedDisks moved) {
    this.control = control;
    this.jobs = jobs;
    this.moved = moved;
  }

  void addTo(CommandTable table) {
    table.add(
        "block-commit",
        JobWords.parameters(
            optional("base-node", ParameterType.STRING),
            optional("base", ParameterType.STRING),
            optional("top-node", ParameterType.STRING),
            optional("top", ParameterType.STRING),
            optional("backing-file", ParameterType.STRING),
            optional("on-error", ParameterType.STRING)),
        this::commit);
    table.add(
        "block-stream",
        JobWords.parameters(
            optional("base", ParameterType.STRING),
            optional("base-node", ParameterType.STRING),
            optional("backing-file", ParameterType.STRING),
            optional("bottom", ParameterType.STRING),
            optional("on-error", ParameterType.STRING)),
        this::stream);
  }

  private JsonNode commit(Arguments arguments) throws QmpException {
    synchronized (jobs) {
      Drive drive = JobWords.drive(control, arguments);
      JobOptions options = JobWords.options(jobs, drive, arguments);
      jobs.checkFree(drive);
      List<ImageNode> chain = BlockNodes.chain(drive.device().source());
      ImageNode top = find(chain, arguments, "top").orElse(chain.getFirst());
      ImageNode base = find(chain, arguments, "base").orElse(chain.getLast());
      int from = chain.indexOf(top);
      int to = chain.indexOf(base);
      if (to <= from) {
        throw new QmpException(
            to == from
                ? "cannot commit an image into itself"
                : "'" + base.path() + "' is not in this backing file chain");
      }
      if (from == 0 && arguments.has("backing-file")) {
        throw new QmpException("'backing-file' specified, but 'top' is the active layer");
      }
      if (drive.device().readOnly()) {
        throw new QmpException("Device '" + drive.alias() + "' is read-only");
      }
      try {
        return from == 0
            ? commitActive(drive, options, base, to)
            : commitBeneath(drive, options, chain, from, to, arguments);
      } catch (IOException | UnsupportedOperationException e) {
        throw new QmpException(e.getMessage());
      }
    }
  }

  /** A job's base is writable, and long enough, while the job lasts. */
  private static void prepare(ImageNode base, long length) throws IOException {
    base.reopen(true);
    if (base.length() < length) {
      base.resize(length);
    }
  }

  private static void giveUp(ImageNode base, Exception cause) {
    try {
      base.reopen(false);
      base.close();
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private JsonNode commitActive(Drive drive, JobOptions options, ImageNode base, int depth)
      throws IOException {
    base.share();
    try {
      prepare(base, drive.device().length());
      MirrorJob job =
          new MirrorJob(
              "commit",
              options,
              jobs,
              drive.device(),
              base,
              depth,
              Math.max(USUAL_SHIFT, JobWords.clusterShift(base)),
              false,
              new ActiveEnd(moved, options.id(), drive, base));
      jobs.add(job, drive, List.of(base));
      job.start();
      return Arguments.none();
    } catch (IOException | RuntimeException e) {
      giveUp(base, e);
      throw e;
    }
  }

  /** The disk goes on with the image that took all. */
  private record ActiveEnd(MovedDisks moved, String job, Drive drive, ImageNode base)
      implements JobEnd {
    @Override
    public void conclude() throws IOException {
      moved.add(job);
      BlockImage old = drive.device().replace(base);
      drive.moved(base);
      try {
        old.close();
      } catch (IOException e) {
        System.getLogger(CommitCommands.class.getName())
            .log(System.Logger.Level.WARNING, old + " was not closed well", e);
      }
    }

    @Override
    public void clean(boolean good) throws IOException {
      if (!good) {
        base.reopen(false);
        base.close();
      }
    }
  }

  private JsonNode commitBeneath(
      Drive drive, JobOptions options, List<ImageNode> chain, int from, int to, Arguments arguments)
      throws IOException, QmpException {
    ImageNode above = chain.get(from - 1);
    ImageNode top = chain.get(from);
    ImageNode base = chain.get(to);
    String name =
        arguments.optionalString("backing-file").orElse(base.path().toAbsolutePath().toString());
    boolean reopened = from > 1;
    base.share();
    try {
      prepare(base, top.length());
      if (reopened) {
        above.reopen(true);
      }
      CommitJob job =
          new CommitJob(
              options,
              jobs,
              drive.device(),
              top,
              base,
              to - from,
              new Relink(
                  above,
                  base,
                  name,
                  () -> {
                    if (reopened) {
                      above.reopen(false);
                    }
                    base.reopen(false);
                    base.close();
                  }));
      jobs.add(job, drive, List.of(top, base));
      job.start();
      return Arguments.none();
    } catch (IOException | RuntimeException e) {
      giveUp(base, e);
      throw e;
    }
  }

  /** What is given back after a job. */
  private interface Cleaning {
    void run() throws IOException;
  }

  /** An image gets another one beneath it; null for none. */
  private record Relink(ImageNode above, ImageNode base, String name, Cleaning cleaning)
      implements JobEnd {
    @Override
    public void conclude() throws IOException {
      ImageNode shared = base == null ? null : base.share();
      try {
        ((Qcow2Image) above.image())
            .changeBacking(name, base == null ? null : base.format().text(), shared);
      } catch (IOException | RuntimeException e) {
        if (shared != null) {
          shared.close();
        }
        throw e;
      }
    }

    @Override
    public void clean(boolean good) throws IOException {
      cleaning.run();
    }
  }

  private JsonNode stream(Arguments arguments) throws QmpException {
    synchronized (jobs) {
      Drive drive = JobWords.drive(control, arguments);
      JobOptions options = JobWords.options(jobs, drive, arguments);
      jobs.checkFree(drive);
      if (arguments.has("bottom")) {
        throw new QmpException("Parameter 'bottom' is not supported by this machine");
      }
      if (drive.device().readOnly()) {
        throw new QmpException("Device '" + drive.alias() + "' is read-only");
      }
      List<ImageNode> chain = BlockNodes.chain(drive.device().source());
      ImageNode base = find(chain, arguments, "base").orElse(null);
      if (base == null && arguments.has("backing-file")) {
        throw new QmpException("backing file specified, but streaming the entire chain");
      }
      int depth = base == null ? StreamJob.WHOLE : chain.indexOf(base);
      if (depth == 0) {
        throw new QmpException("Node '" + drive.nodeName() + "' is not a backing image of itself");
      }
      String name =
          base == null
              ? null
              : arguments
                  .optionalString("backing-file")
                  .orElse(base.path().toAbsolutePath().toString());
      JobEnd end =
          chain.size() == 1 ? JobEnd.NOTHING : new Relink(chain.getFirst(), base, name, () -> {});
      StreamJob job =
          new StreamJob(
              options, jobs, drive.device(), depth, base == null ? 0 : base.length(), end);
      jobs.add(job, drive, chain);
      job.start();
      return Arguments.none();
    }
  }

  /** An image of a chain by {@code KEY-node}, or by the file that {@code KEY} names. */
  private Optional<ImageNode> find(List<ImageNode> chain, Arguments arguments, String key)
      throws QmpException {
    if (arguments.has(key + "-node") && arguments.has(key)) {
      throw new QmpException(
          "'" + key + "-node' and '" + key + "' cannot be specified at the same time");
    }
    if (arguments.has(key + "-node")) {
      String name = arguments.string(key + "-node");
      ImageNode node = byNode(name);
      if (!chain.contains(node)) {
        throw new QmpException(
            "Node '"
                + name
                + "' is not a backing image of '"
                + control.parts().nodes().name(chain.getFirst())
                + "'");
      }
      return Optional.of(node);
    }
    if (!arguments.has(key)) {
      return Optional.empty();
    }
    String file = arguments.string(key);
    for (int i = 0; i < chain.size(); i++) {
      ImageNode node = chain.get(i);
      String recorded =
          i > 0 && chain.get(i - 1).image() instanceof Qcow2Image above
              ? above.backingName()
              : null;
      if (file.equals(recorded)
          || file.equals(node.path().toString())
          || file.equals(node.path().toAbsolutePath().toString())) {
        return Optional.of(node);
      }
    }
    throw new QmpException(
        key.equals("top")
            ? "Top image file " + file + " not found"
            : "Can't find '" + file + "' in the backing chain");
  }

  private ImageNode byNode(String name) throws QmpException {
    return control
        .parts()
        .nodes()
        .find(name, control.parts().drives().values())
        .orElseThrow(() -> new QmpException("Cannot find device='' nor node-name='" + name + "'"));
  }
}
