package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.libvirt.error.LibvirtException;

/** Overlays that come above disks in use. */
final class Overlays {
  private Overlays() {}

  /**
   * Puts overlays above disks, of all at one moment. Where changes of a disk since checkpoints are
   * noted, they are noted in its overlay from then on.
   */
  static void put(Domain domain, List<SnapshotSubject.Overlay> overlays) throws LibvirtException {
    Machine machine = domain.running();
    List<ObjectNode> actions = new ArrayList<>();
    List<DiskChain.Image> opened = new ArrayList<>();
    try {
      for (SnapshotSubject.Overlay overlay : overlays) {
        Disk disk = domain.facts().document().disk(overlay.disk()).orElseThrow();
        DiskChain.Image below = DiskChain.of(disk).images().getFirst();
        String node = DiskNodes.format(overlay.image());
        List<ObjectNode> bitmaps =
            below.index().isPresent() ? BlockBitmaps.forOverlay(machine, below, node) : List.of();
        if (bitmaps.isEmpty()) {
          actions.add(byFile(disk, below, overlay, node));
          continue;
        }
        DiskChain.Image image =
            DiskChain.Image.file(overlay.file(), "qcow2")
                .withIndex(OptionalInt.of(overlay.image()));
        if (!overlay.existing()) {
          NewImages.make(image, MachineDisks.capacity(machine, disk), below);
        }
        DiskNodes.open(machine, image, null, true);
        opened.add(image);
        actions.addAll(bitmaps);
        actions.add(
            BlockBitmaps.action(
                "blockdev-snapshot",
                Machine.arguments().put("node", DiskNodes.of(below)).put("overlay", node)));
      }
      BlockBitmaps.transaction(machine, actions);
    } catch (LibvirtException e) {
      opened.forEach(image -> DiskNodes.close(machine, image));
      throw e;
    }
  }

  private static ObjectNode byFile(
      Disk disk, DiskChain.Image below, SnapshotSubject.Overlay overlay, String node)
      throws LibvirtException {
    ObjectNode data = Machine.arguments();
    if (below.index().isPresent()) {
      data.put("node-name", DiskNodes.of(below));
    } else {
      data.put("device", MachineDisks.drive(disk));
    }
    data.put("snapshot-file", overlay.file())
        .put("snapshot-node-name", node)
        .put("format", "qcow2");
    if (overlay.existing()) {
      data.put("mode", "existing");
    }
    return BlockBitmaps.action("blockdev-snapshot-sync", data);
  }
}
