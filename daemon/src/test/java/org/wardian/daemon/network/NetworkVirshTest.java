package org.wardian.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Debian's virsh prints of our networks what it printed of libvirtd's. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class NetworkVirshTest {
  @TempDir private Path folder;

  @Test
  void networksPrintWhatLibvirtdPrinted() throws Exception {
    compare("virsh-networks.txt");
  }

  @Test
  void filtersAndDevicesPrintWhatLibvirtdPrinted() throws Exception {
    compare("virsh-filters-and-devices.txt");
  }

  private void compare(String recorded) throws Exception {
    Tool.require("virsh", "libvirt-clients");
    VirshTranscript transcript = new VirshTranscript(recorded, folder);
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      List<List<String>> printed = transcript.run(host.uri(), folder);
      assertThat(printed).hasSameSizeAs(transcript.steps());
      for (int i = 0; i < printed.size(); i++) {
        assertThat(printed.get(i))
            .as(transcript.steps().get(i).command())
            .isEqualTo(transcript.steps().get(i).printed());
      }
    }
  }

  @Test
  void theStandardFiltersAreThereFromTheFirstStart() throws Exception {
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      assertThat(host.virsh("nwfilter-list").text().lines().filter(l -> l.contains("-")))
          .hasSize(24);
      assertThat(host.virsh("nwfilter-dumpxml", "no-mac-spoofing").text())
          .contains("<mac srcmacaddr='$MAC'/>", "chain='mac' priority='-800'");
      assertThat(host.virsh("nwfilter-undefine", "no-mac-spoofing").status()).isZero();
    }
    // What was taken away does not come back.
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      assertThat(host.virsh("nwfilter-list").text().lines().filter(l -> l.contains("-")))
          .hasSize(23);
    }
  }

  @Test
  void devicesOfTheHostFormATree() throws Exception {
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      List<String> names = host.virsh("nodedev-list").text().lines().toList();
      assertThat(names).contains("computer");
      for (String name : names.stream().filter(one -> !one.isBlank()).toList()) {
        String xml = host.virsh("nodedev-dumpxml", name).text();
        assertThat(xml).contains("<name>" + name + "</name>", "<capability type=");
        if (!name.equals("computer")) {
          assertThat(names).contains(xml.replaceAll("(?s).*<parent>([^<]*)</parent>.*", "$1"));
        }
      }
    }
  }

  @Test
  void devicesThatComeAndGoAreToldOf() throws Exception {
    String prefix = "wv" + ProcessHandle.current().pid() % 100_000;
    Tool.require("ip", "iproute2");
    assumeTrue(System.getProperty("user.name").equals("root"), "needs root to make a device");
    int devices = 0;
    try (NetworkHost host = new NetworkHost(folder.resolve("d"))) {
      Process listening =
          new ProcessBuilder(
                  Tool.require("virsh", "libvirt-clients").toString(),
                  "-q",
                  "-c",
                  host.uri(),
                  "nodedev-event",
                  "--loop",
                  "--event",
                  "lifecycle",
                  "--timeout",
                  "600")
              .redirectErrorStream(true)
              .start();
      try (BufferedReader events = listening.inputReader()) {
        // Devices may come before virsh has said that it listens: until one is told of.
        while (!events.ready()) {
          String end = prefix + "a" + devices;
          String other = prefix + "b" + devices++;
          Tool.succeed("ip", "link", "add", end, "type", "veth", "peer", "name", other);
          for (int i = 0; i < 100 && !events.ready(); i++) {
            Thread.sleep(20);
          }
        }
        String told = events.readLine();
        assertThat(told).contains("Created", "net_" + prefix);
        String name = told.replaceAll(".*node device '?(net_[A-Za-z0-9_]+).*", "$1");
        assertThat(host.virsh("nodedev-dumpxml", name).text()).contains("<interface>");
        Tool.succeed("ip", "link", "del", name.split("_")[1]);
        String line = events.readLine();
        while (line != null && !(line.contains("Deleted") && line.contains(name))) {
          line = events.readLine();
        }
        assertThat(line).isNotNull();
        assertThat(host.virsh("nodedev-dumpxml", name).status()).isNotZero();
      } finally {
        listening.destroy();
        for (int i = 0; i < devices; i++) {
          Tool.run(Map.of(), List.of("ip", "link", "del", prefix + "a" + i));
        }
      }
    }
  }

  @Test
  void definitionsAndAutostartOutliveTheDaemon() throws Exception {
    Path root = folder.resolve("d");
    Path xml =
        java.nio.file.Files.writeString(
            folder.resolve("n.xml"), "<network><name>n</name><bridge name='wbn'/></network>");
    String before;
    try (NetworkHost host = new NetworkHost(root)) {
      assertThat(host.virsh("net-define", xml.toString()).status()).isZero();
      assertThat(host.virsh("net-autostart", "n").status()).isZero();
      assertThat(host.virsh("net-start", "n").status()).isZero();
      before = host.virsh("net-dumpxml", "n").text();
    }
    // The process of the network has gone on, and is found.
    try (NetworkHost host = new NetworkHost(root)) {
      assertThat(host.virsh("net-dumpxml", "n").text()).isEqualTo(before);
      assertThat(host.virsh("net-list", "--autostart").text()).contains("n", "active", "yes");
      assertThat(host.virsh("net-destroy", "n").status()).isZero();
      assertThat(host.virsh("net-undefine", "n").status()).isZero();
      assertThat(host.virsh("net-list", "--all", "--name").text()).isBlank();
    }
  }
}
