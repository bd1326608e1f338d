package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.conformance.debian.DebianGuest;
import org.wardian.machine.MachineConfiguration;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpException;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Images;

/** Devices that come to a running Debian kernel, and go: its own drivers find and leave them. */
@Tag("slow")
@Timeout(600)
class HotplugTest extends DrivenMachine {
  private static final int MEBIBYTES = 192;

  /** In an order in which they can be loaded. */
  private static final List<String> MODULES =
      List.of(
          "drivers/virtio/virtio_ring.ko",
          "drivers/virtio/virtio.ko",
          "drivers/virtio/virtio_pci_legacy_dev.ko",
          "drivers/virtio/virtio_pci_modern_dev.ko",
          "drivers/virtio/virtio_pci.ko",
          "drivers/block/virtio_blk.ko",
          "net/core/failover.ko",
          "drivers/net/net_failover.ko",
          "drivers/net/virtio_net.ko");

  private DomainText debian() throws Exception {
    MachineConfiguration guest =
        DebianGuest.cloud().withModules(MODULES.toArray(String[]::new)).configuration();
    Path kernel = Files.write(folder.resolve("vmlinuz"), guest.kernel());
    Path initrd = Files.write(folder.resolve("initrd"), guest.initrd().orElseThrow());
    return new DomainText()
        .kernel(kernel, initrd, guest.commandLine())
        .memory(MEBIBYTES)
        .serialSocket(serial);
  }

  /** Types a command until the guest has come to say a text by it. */
  private static void awaitInGuest(Line line, String command) throws Exception {
    line.type("until " + command + "; do sleep 0.1; done; echo DO\"\"NE\n");
    line.await("DONE");
    line.await(DefaultInitramfs.PROMPT);
  }

  @Test
  void aDiskAndACardComeAndGo() throws Exception {
    Path image = folder.resolve("disk.qcow2");
    Images.create(image, CreateOptions.qcow2(32 << 20));
    String disk =
        """
        <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
          <source file='%s' index='1'/><target dev='vda' bus='virtio'/>
          <alias name='virtio-disk0'/>
          <address type='pci' domain='0x0000' bus='0x00' slot='0x0a' function='0x0'/></disk>
        """
            .formatted(image);
    String card =
        """
        <interface type='user'><mac address='52:54:00:11:22:44'/><model type='virtio'/>
          <alias name='net0'/></interface>
        """;
    try (WardProcess process = start(debian(), "--paused");
        QmpClient client = connect(process);
        Line line = new Line()) {
      client.execute("cont", Arguments.none());
      line.await(DefaultInitramfs.PROMPT);
      for (String module : MODULES) {
        awaitInGuest(line, "insmod /modules" + module.substring(module.lastIndexOf('/')));
      }
      client.execute("x-wardian-attach", Arguments.none().put("device", disk));
      awaitInGuest(line, "test -e /sys/bus/pci/devices/0000:00:0a.0/virtio*/block/vda");
      assertThatThrownBy(
              () -> client.execute("x-wardian-attach", Arguments.none().put("device", disk)))
          .isInstanceOf(QmpException.class)
          .hasMessage("Duplicate device ID 'virtio-disk0'");
      client.execute("x-wardian-attach", Arguments.none().put("device", card));
      awaitInGuest(line, "test -e /sys/class/net/eth0");
      client.execute("device_del", Arguments.none().put("id", "virtio-disk0"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("virtio-disk0");
      awaitInGuest(line, "test ! -e /sys/block/vda");
      // The image is free again, and the slot too.
      client.execute("x-wardian-attach", Arguments.none().put("device", disk));
      awaitInGuest(line, "test -e /sys/block/vda");
      client.execute("device_del", Arguments.none().put("id", "net0"));
      assertThat(await("DEVICE_DELETED").data().path("device").asText()).isEqualTo("net0");
      awaitInGuest(line, "test ! -e /sys/class/net/eth0");
      client.execute("quit", Arguments.none());
      assertThat(process.status()).as(process.err()).isZero();
    }
  }

  @Test
  void whatIsNotThereCannotGo() throws Exception {
    try (WardProcess process = start(echoing());
        QmpClient client = connect(process)) {
      assertThatThrownBy(
              () -> client.execute("device_del", Arguments.none().put("id", "virtio-disk7")))
          .isInstanceOf(QmpException.class)
          .hasMessage("Device 'virtio-disk7' not found");
      assertThatThrownBy(() ->
              client.execute(
                  "x-wardian-attach",
                  Arguments.none().put("device", "<disk><alias name='d'/></disk>")))
          .isInstanceOf(QmpException.class);
    }
  }
}
