package org.wardian.process.control;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.wardian.process.domain.Drive;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpException;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;
import org.wardian.storage.bitmap.DirtyBitmap;
import org.wardian.storage.bitmap.RangeBits;
import org.wardian.storage.job.BackupJob;
import org.wardian.storage.nbd.DirtyBitmapView;
import org.wardian.storage.nbd.NbdExport;
import org.wardian.storage.nbd.NbdLimits;
import org.wardian.storage.nbd.NbdServer;

/** The NBD server of a machine, and the images that it shows. */
final class ExportTable {
  /**
   * An image that is shown.
   *
   * @param name that clients ask for
   * @param node shared for it
   * @param bitmaps that are shown with it
   */
  record Entry(String id, String name, ImageNode node, List<DirtyBitmap> bitmaps) {}

  private final MachineControl control;

  // Under this object's monitor.
  private final Map<String, Entry> exports = new LinkedHashMap<>();
  private NbdServer server;

  ExportTable(MachineControl control) {
    this.control = control;
  }

  /** Begins to listen. */
  synchronized void start(SocketAddress address, NbdLimits limits) throws QmpException {
    if (server != null) {
      throw new QmpException("NBD server already running");
    }
    NbdServer started = new NbdServer(limits, new NbdServer.Observer() {});
    try {
      started.listen(address);
      server = started;
    } catch (IOException e) {
      started.close();
      throw new QmpException(e.getMessage());
    }
  }

  /** Sends all clients away; false where there was no server. */
  synchronized boolean stop() {
    if (server == null) {
      return false;
    }
    server.close();
    server = null;
    new ArrayList<>(exports.values()).forEach(this::gone);
    return true;
  }

  /** All that is shown. */
  synchronized List<Entry> all() {
    return List.copyOf(exports.values());
  }

  /**
   * Shows an image.
   *
   * @param writable whether clients may write
   * @param bitmaps names of bitmaps of the image, or of one beneath it
   */
  synchronized void add(
      String id,
      String name,
      String description,
      ImageNode node,
      boolean writable,
      List<String> bitmaps)
      throws QmpException {
    if (server == null) {
      throw new QmpException("NBD server not running");
    }
    if (exports.containsKey(id)) {
      throw new QmpException("Block export id '" + id + "' is already in use");
    }
    if (exports.values().stream().anyMatch(entry -> entry.name().equals(name))) {
      throw new QmpException("NBD server already has export named '" + name + "'");
    }
    Map<String, DirtyBitmapView> views = new TreeMap<>();
    List<DirtyBitmap> shown = new ArrayList<>();
    for (String wanted : bitmaps) {
      DirtyBitmap bitmap = bitmap(node, wanted);
      if (bitmap.recording() && !writable && node.writable()) {
        throw new QmpException("Enabled bitmap '" + wanted + "' incompatible with readonly export");
      }
      views.put(wanted, (offset, length) -> run(bitmap.bits(), offset, length));
      shown.add(bitmap);
    }
    try {
      server.add(export(name, node, writable).withDescription(description).withBitmaps(views));
    } catch (IllegalArgumentException e) {
      throw new QmpException(e.getMessage());
    }
    shown.forEach(DirtyBitmap::show);
    exports.put(id, new Entry(id, name, node.share(), shown));
  }

  private static DirtyBitmap bitmap(ImageNode top, String name) throws QmpException {
    ImageNode node = top;
    while (node != null) {
      if (BitmapCommands.bitmaps(node).find(name).isPresent()) {
        DirtyBitmap bitmap = BitmapCommands.bitmaps(node).find(name).get();
        if (bitmap.inconsistent()) {
          throw new QmpException("Bitmap '" + name + "' is inconsistent and cannot be used");
        }
        return bitmap;
      }
      node = node.below().orElse(null);
    }
    throw new QmpException("Bitmap '" + name + "' is not found");
  }

  private static DirtyBitmapView.Run run(RangeBits bits, long offset, long length) {
    if (bits.isSet(offset)) {
      return new DirtyBitmapView.Run(bits.nextClear(offset, length) - offset, true);
    }
    long next = bits.nextSet(offset);
    return new DirtyBitmapView.Run(next < 0 ? length : Math.min(length, next - offset), false);
  }

  /** What clients see: a moment that a backup keeps, a disk with its guest, or an image. */
  private NbdExport export(String name, ImageNode node, boolean writable) {
    JobTable.Entry job = control.jobs().jobInto(node);
    if (job != null && job.job() instanceof BackupJob backup) {
      return NbdExport.of(name, backup.view(), writable);
    }
    for (Drive drive : control.parts().drives().values()) {
      if (drive.device().source() == node && writable) {
        return NbdExport.of(name, drive.device(), true);
      }
    }
    BlockImage image = node;
    return NbdExport.of(name, image, writable);
  }

  /**
   * Shows an image no longer.
   *
   * @param hard whether clients that use it are sent away
   */
  synchronized void remove(String id, boolean hard) throws QmpException {
    Entry entry = exports.get(id);
    if (entry == null) {
      throw new QmpException("Export '" + id + "' is not found");
    }
    if (!server.remove(entry.name(), hard)) {
      throw new QmpException("export '" + id + "' still in use");
    }
    gone(entry);
  }

  private void gone(Entry entry) {
    exports.remove(entry.id());
    entry.bitmaps().forEach(DirtyBitmap::hide);
    try {
      entry.node().close();
    } catch (IOException e) {
      System.getLogger(ExportTable.class.getName())
          .log(System.Logger.Level.WARNING, entry.node().path() + " was not closed well", e);
    }
    control.send("BLOCK_EXPORT_DELETED", Arguments.none().put("id", entry.id()));
  }
}
