package org.wardian.process.control;

import static org.wardian.qmp.Parameter.optional;
import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.Parameter;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;
import org.wardian.storage.ImageNode;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.DirtyBitmaps;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.qcow2.Qcow2Image;

/** Dirty bitmaps of images: each command is a part of transactions too. */
final class BitmapCommands {
  private static final List<Parameter> NODE_AND_NAME =
      List.of(required("node", ParameterType.STRING), required("name", ParameterType.STRING));
  private static final int LEAST_SHIFT = 9;
  private static final int MOST_SHIFT = 31;

  /** QEMU's bounds for what it chooses itself. */
  private static final int LEAST_USUAL_SHIFT = 12;

  private static final int MOST_USUAL_SHIFT = 16;

  private final MachineControl control;

  BitmapCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table, TransactionCommands transactions) {
    transactions.add(
        table,
        "block-dirty-bitmap-add",
        List.of(
            required("node", ParameterType.STRING),
            required("name", ParameterType.STRING),
            optional("granularity", ParameterType.INTEGER),
            optional("persistent", ParameterType.BOOLEAN),
            optional("disabled", ParameterType.BOOLEAN)),
        Adding::new);
    transactions.add(table, "block-dirty-bitmap-remove", NODE_AND_NAME, Removing::new);
    transactions.add(
        table, "block-dirty-bitmap-clear", NODE_AND_NAME, arguments -> new Clearing(arguments));
    transactions.add(
        table,
        "block-dirty-bitmap-enable",
        NODE_AND_NAME,
        arguments -> new Recording(arguments, true));
    transactions.add(
        table,
        "block-dirty-bitmap-disable",
        NODE_AND_NAME,
        arguments -> new Recording(arguments, false));
    transactions.add(
        table,
        "block-dirty-bitmap-merge",
        List.of(
            required("node", ParameterType.STRING),
            required("target", ParameterType.STRING),
            required("bitmaps", ParameterType.LIST)),
        Merging::new);
  }

  /** The bitmaps of an image. */
  static DirtyBitmaps bitmaps(ImageNode node) throws QmpException {
    try {
      return node.dirtyBitmaps()
          .orElseThrow(() ->
              new QmpException("images of format " + node.format().text() + " have no bitmaps"));
    } catch (IOException e) {
      throw new QmpException(e.getMessage());
    }
  }

  /** A bitmap that may be used. */
  static DirtyBitmap find(DirtyBitmaps bitmaps, String name) throws QmpException {
    DirtyBitmap bitmap =
        bitmaps
            .find(name)
            .orElseThrow(() -> new QmpException("Dirty bitmap '" + name + "' not found"));
    if (bitmap.busy()) {
      throw new QmpException(
          "Bitmap '" + name + "' is currently in use by another operation and cannot be used");
    }
    return bitmap;
  }

  private static DirtyBitmap consistent(DirtyBitmaps bitmaps, String name) throws QmpException {
    DirtyBitmap bitmap = find(bitmaps, name);
    if (bitmap.inconsistent()) {
      throw new QmpException("Bitmap '" + name + "' is inconsistent and cannot be used");
    }
    return bitmap;
  }

  /** From now on the bitmaps of an image's file count as in use. */
  private static void begin(ImageNode node, String name) throws QmpException {
    if (node.image() instanceof Qcow2Image qcow2) {
      if (!node.writable()) {
        throw new QmpException("Bitmap '" + name + "' is readonly and cannot be modified");
      }
      try {
        qcow2.beginBitmaps();
      } catch (IOException e) {
        throw new QmpException(e.getMessage());
      }
    }
  }

  /** An image and the name of a bitmap. */
  private abstract class Change implements TransactionAction {
    final ImageNode node;
    final String name;
    DirtyBitmaps all;
    DirtyBitmap bitmap;

    Change(Arguments arguments, String key) throws QmpException {
      node = JobWords.node(control, arguments.string("node"));
      name = arguments.string(key);
    }

    @Override
    public void commit() {
      // It is done.
    }
  }

  private final class Adding extends Change {
    private final boolean persistent;
    private final boolean disabled;
    private final Optional<Long> granularity;

    Adding(Arguments arguments) throws QmpException {
      super(arguments, "name");
      persistent = arguments.bool("persistent", false);
      disabled = arguments.bool("disabled", false);
      granularity =
          arguments.has("granularity")
              ? Optional.of(arguments.integer("granularity"))
              : Optional.empty();
    }

    @Override
    public void prepare() throws QmpException {
      if (name.isEmpty()) {
        throw new QmpException("Bitmap name cannot be empty");
      }
      int shift = shift();
      all = bitmaps(node);
      if (all.find(name).isPresent()) {
        throw new QmpException("Bitmap already exists: " + name);
      }
      if (!RangeBits.fits(shift, node.length())) {
        throw new QmpException("the disk has too many ranges of " + (1L << shift) + " bytes");
      }
      if (persistent) {
        if (!(node.image() instanceof Qcow2Image qcow2)) {
          throw new QmpException(
              "Cannot store dirty bitmaps in node '" + control.parts().nodes().name(node) + "'");
        }
        String refusal = qcow2.bitmaps().refusal(name);
        if (refusal != null) {
          throw new QmpException(refusal);
        }
        begin(node, name);
      }
      bitmap = new DirtyBitmap(name, new RangeBits(shift, node.length()), !disabled, persistent);
      all.add(bitmap);
    }

    private int shift() throws QmpException {
      if (granularity.isEmpty()) {
        int cluster = JobWords.clusterShift(node);
        return cluster == LEAST_SHIFT && !(node.image() instanceof Qcow2Image)
            ? MOST_USUAL_SHIFT
            : Math.clamp(cluster, LEAST_USUAL_SHIFT, MOST_USUAL_SHIFT);
      }
      long wanted = granularity.get();
      if (Long.bitCount(wanted) != 1 || wanted < 1L << LEAST_SHIFT || wanted > 1L << MOST_SHIFT) {
        throw new QmpException("Granularity must be power of 2 and at least 512");
      }
      return Long.numberOfTrailingZeros(wanted);
    }

    @Override
    public void abort() {
      all.remove(bitmap);
    }
  }

  private final class Removing extends Change {
    Removing(Arguments arguments) throws QmpException {
      super(arguments, "name");
    }

    @Override
    public void prepare() throws QmpException {
      all = bitmaps(node);
      bitmap = find(all, name);
      if (bitmap.persistent()) {
        begin(node, name);
      }
      all.remove(bitmap);
    }

    @Override
    public void commit() {
      if (bitmap.persistent() && node.image() instanceof Qcow2Image qcow2) {
        try {
          qcow2.bitmaps().dropRemoved();
        } catch (IOException e) {
          // Closing the image tries again; until then the file has it as one in use.
          System.getLogger(BitmapCommands.class.getName())
              .log(System.Logger.Level.WARNING, "bitmap " + name + " stays in its file", e);
        }
      }
    }

    @Override
    public void abort() {
      all.add(bitmap);
    }
  }

  private final class Clearing extends Change {
    private RangeBits before;

    Clearing(Arguments arguments) throws QmpException {
      super(arguments, "name");
    }

    @Override
    public void prepare() throws QmpException {
      bitmap = consistent(bitmaps(node), name);
      begin(node, name);
      before = bitmap.bits();
      bitmap.replace(new RangeBits(before.shift(), before.size()));
    }

    @Override
    public void abort() {
      bitmap.replace(before);
    }
  }

  private final class Recording extends Change {
    private final boolean on;
    private boolean before;

    Recording(Arguments arguments, boolean on) throws QmpException {
      super(arguments, "name");
      this.on = on;
    }

    @Override
    public void prepare() throws QmpException {
      bitmap = consistent(bitmaps(node), name);
      begin(node, name);
      before = bitmap.recording();
      bitmap.record(on);
    }

    @Override
    public void abort() {
      bitmap.record(before);
    }
  }

  private final class Merging extends Change {
    private final List<JsonNode> sources = new ArrayList<>();
    private RangeBits before;

    Merging(Arguments arguments) throws QmpException {
      super(arguments, "target");
      arguments.list("bitmaps").forEach(sources::add);
    }

    @Override
    public void prepare() throws QmpException {
      bitmap = consistent(bitmaps(node), name);
      RangeBits merged = bitmap.bits().copy();
      for (JsonNode source : sources) {
        DirtyBitmap other = source(source);
        if (other.bits().size() != merged.size()) {
          throw new QmpException(
              "Bitmaps are of different sizes (destination size is "
                  + merged.size()
                  + ", source size is "
                  + other.bits().size()
                  + ") and can't be merged");
        }
        merged.merge(other.bits());
      }
      begin(node, name);
      before = bitmap.bits();
      bitmap.replace(merged);
    }

    private DirtyBitmap source(JsonNode source) throws QmpException {
      if (source.isTextual()) {
        return consistent(bitmaps(node), source.textValue());
      }
      if (source instanceof ObjectNode members) {
        Arguments named = Arguments.of(members);
        ImageNode from = JobWords.node(control, named.string("node"));
        return consistent(bitmaps(from), named.string("name"));
      }
      throw new QmpException("Invalid parameter type for 'bitmaps', expected: string or object");
    }

    @Override
    public void abort() {
      bitmap.replace(before);
    }
  }
}
