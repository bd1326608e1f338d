package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.process.domain.BlockNodes;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.Parameter;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.ImageNode;
import org.wardian.storage.device.ErrorPolicy;
import org.wardian.storage.job.JobOptions;

/** What the arguments of all commands that start jobs have in common. */
final class JobWords {
  /** QEMU's limits for the ranges that a mirror copies. */
  private static final long LEAST_GRANULARITY = 512;

  private static final long MOST_GRANULARITY = 64 << 20;
  private static final int USUAL_SHIFT = 16;
  private static final int LONGEST_NODE_NAME = 31;

  private JobWords() {}

  /** Parameters of every such command, and others. */
  static List<Parameter> parameters(Parameter... others) {
    List<Parameter> all = new ArrayList<>(List.of(others));
    all.add(optional("job-id", ParameterType.STRING));
    all.add(Parameter.required("device", ParameterType.STRING));
    all.add(optional("speed", ParameterType.INTEGER));
    all.add(optional("auto-finalize", ParameterType.BOOLEAN));
    all.add(optional("auto-dismiss", ParameterType.BOOLEAN));
    all.add(optional("filter-node-name", ParameterType.STRING));
    return all;
  }

  /** The disk that {@code device} names, with a medium of its own. */
  static Drive drive(MachineControl control, Arguments arguments) throws QmpException {
    String name = arguments.string("device");
    Drive drive;
    try {
      drive = DriveLookup.named(control.parts(), name);
    } catch (QmpException e) {
      throw control.parts().nodes().find(name, control.parts().drives().values()).isPresent()
          ? new QmpException("Need a root block node")
          : Replies.noNode(name);
    }
    if (!(drive.device().source() instanceof ImageNode)) {
      throw new QmpException(
          "Device '" + drive.alias() + "' has no medium, or one whose changes are thrown away");
    }
    return drive;
  }

  /** The node that a disk writes. */
  static ImageNode top(Drive drive) {
    return (ImageNode) drive.device().source();
  }

  /** A node that a command names. */
  static ImageNode node(MachineControl control, String name) throws QmpException {
    BlockNodes nodes = control.parts().nodes();
    Optional<ImageNode> node = nodes.find(name, control.parts().drives().values());
    if (node.isPresent()) {
      return node.get();
    }
    try {
      if (DriveLookup.named(control.parts(), name).device().source() instanceof ImageNode top) {
        return top;
      }
    } catch (QmpException e) {
      throw Replies.noNode(name);
    }
    throw Replies.noNode(name);
  }

  /** Refuses a name for a node that is none, or is taken. */
  static void checkNodeName(MachineControl control, String name) throws QmpException {
    if (!name.matches("[A-Za-z][A-Za-z0-9._-]*") || name.length() > LONGEST_NODE_NAME) {
      throw new QmpException("Invalid node-name: '" + name + "'");
    }
    if (control.parts().nodes().isTaken(name, control.parts().drives().values())) {
      throw new QmpException("Duplicate nodes with node-name='" + name + "'");
    }
  }

  /** Name, speed and end of a job. */
  static JobOptions options(JobTable jobs, Drive drive, Arguments arguments) throws QmpException {
    String id = arguments.optionalString("job-id").orElse(drive.driveName());
    jobs.checkId(id);
    long speed = arguments.optionalInteger("speed").orElse(0);
    if (speed < 0) {
      throw new QmpException("Parameter 'speed' expects a non-negative value");
    }
    return JobOptions.of(id)
        .withSpeed(speed)
        .withAuto(arguments.bool("auto-finalize", true), arguments.bool("auto-dismiss", true))
        .withErrors(
            policy(arguments, arguments.has("on-error") ? "on-error" : "on-source-error"),
            policy(arguments, arguments.has("on-error") ? "on-error" : "on-target-error"));
  }

  private static ErrorPolicy policy(Arguments arguments, String key) throws QmpException {
    String word = arguments.optionalString(key).orElse("report");
    return switch (word) {
      case "report" -> ErrorPolicy.REPORT;
      case "ignore" -> ErrorPolicy.IGNORE;
      case "enospc" -> ErrorPolicy.STOP_ON_NO_SPACE;
      case "stop" -> ErrorPolicy.STOP;
      default -> throw Replies.noValue(key, word);
    };
  }

  /**
   * The ranges that are copied as a whole: as wanted, but no smaller than the target's clusters, so
   * that it never has to know what is around.
   *
   * @return log2 of their bytes
   */
  static int shift(Arguments arguments, ImageNode target) throws QmpException {
    int shift = USUAL_SHIFT;
    if (arguments.has("granularity") && arguments.integer("granularity") != 0) {
      long wanted = arguments.integer("granularity");
      if (wanted < LEAST_GRANULARITY || wanted > MOST_GRANULARITY) {
        throw new QmpException("Parameter 'granularity' expects a value in range [512B, 64MB]");
      }
      if (Long.bitCount(wanted) != 1) {
        throw new QmpException("Parameter 'granularity' expects a power of 2");
      }
      shift = Long.numberOfTrailingZeros(wanted);
    }
    return Math.max(shift, clusterShift(target));
  }

  /** Log2 of the bytes of an image's clusters; 9 where it has none. */
  static int clusterShift(ImageNode image) {
    return image.image() instanceof org.wardian.storage.qcow2.Qcow2Image qcow2
        ? Integer.numberOfTrailingZeros(qcow2.clusterSize())
        : Integer.numberOfTrailingZeros((int) LEAST_GRANULARITY);
  }
}
