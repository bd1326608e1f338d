package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Linux guest with the filter {@code clean-traffic}: what it may say, and what not. */
@Tag("slow")
@Timeout(600)
class FilteredGuestTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String XML =
      """
      <domain type='qemu'>
        <name>filtered</name><memory unit='MiB'>256</memory>
        <os>
          <type>hvm</type><kernel>%1$s/vmlinuz</kernel><initrd>%1$s/initrd.gz</initrd>
          <cmdline>console=ttyS0 quiet</cmdline>
        </os>
        <features><acpi/></features>
        <devices>
          <interface type='network'>
            <mac address='52:54:00:00:00:11'/><source network='default'/><model type='virtio'/>
            <filterref filter='%2$s'/>
          </interface>
          <serial type='pty'/><console type='pty'/>
          <channel type='unix'>
            <source mode='bind' path='%1$s/agent'/>
            <target type='virtio' name='org.qemu.guest_agent.0'/>
          </channel>
        </devices>
      </domain>
      """;
  private static final String PING = "ping -c 2 -W 2 -I %s 192.168.122.1 >/dev/null && echo heard";

  @TempDir private Path folder;
  private String uri;

  /** What virsh printed, both ways, and how it ended. */
  private record Result(int status, String text) {}

  private Result virsh(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("virsh", "-q", "-c", uri));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text);
  }

  private String printed(String... words) throws IOException, InterruptedException {
    Result result = virsh(words);
    assertThat(result.status()).as(result.text()).isZero();
    return result.text();
  }

  private JsonNode agent(ObjectNode command) throws Exception {
    return JSON.readTree(printed("qemu-agent-command", "filtered", command.toString()))
        .path("return");
  }

  /** What a shell of the guest prints. */
  private String inGuest(String script) throws Exception {
    ObjectNode start = JSON.createObjectNode().put("execute", "guest-exec");
    ObjectNode arguments = start.putObject("arguments").put("path", "/bin/sh");
    arguments.putArray("arg").add("-c").add(script);
    arguments.put("capture-output", true);
    int process = agent(start).path("pid").asInt();
    ObjectNode look = JSON.createObjectNode().put("execute", "guest-exec-status");
    look.putObject("arguments").put("pid", process);
    JsonNode status = agent(look);
    while (!status.path("exited").asBoolean()) {
      TimeUnit.MILLISECONDS.sleep(200);
      status = agent(look);
    }
    return new String(
        Base64.getDecoder().decode(status.path("out-data").asText()), StandardCharsets.UTF_8);
  }

  private void awaitAddress() throws Exception {
    String ping = "{\"execute\":\"guest-ping\"}";
    while (virsh("qemu-agent-command", "filtered", ping).status() != 0
        || !inGuest("ip addr show eth0").contains("192.168.122.")) {
      TimeUnit.MILLISECONDS.sleep(500);
    }
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void aGuestSpeaksInItsOwnNameOnly() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/virsh")), "needs the package libvirt-clients");
    Path work = Files.createDirectory(folder.resolve("work"));
    StepGuest.write(work);
    try (WardianDaemon daemon = WardianDaemon.start(folder.resolve("d"))) {
      uri = daemon.uri();
      printed("net-start", "default");
      try {
        Path missing = write("missing.xml", XML.formatted(work, "gone"));
        assertThat(virsh("create", missing.toString()).text())
            .contains("internal error: referenced filter 'gone' is missing");
        printed("create", write("g.xml", XML.formatted(work, "clean-traffic")).toString());
        assertThat(printed("nwfilter-binding-list")).contains("vnet", "clean-traffic");
        awaitAddress();
        speaks();
        changes();
      } finally {
        virsh("destroy", "filtered");
        virsh("net-destroy", "default");
      }
      assertThat(printed("nwfilter-binding-list")).isBlank();
    }
  }

  private void speaks() throws Exception {
    String own = inGuest("ip addr show eth0").replaceAll("(?s).*?inet (192[0-9.]+)/.*", "$1");
    assertThat(inGuest(PING.formatted(own))).contains("heard");
    assertThat(
            inGuest("ip addr add 192.168.122.77/24 dev eth0; " + PING.formatted("192.168.122.77")))
        .as("with another IP address")
        .doesNotContain("heard");
    assertThat(inGuest(PING.formatted(own))).contains("heard");
    String another = "ip link set eth0 down; ip link set eth0 address %s; ip link set eth0 up; ";
    assertThat(inGuest(another.formatted("52:54:00:00:00:99") + PING.formatted(own)))
        .as("with another Ethernet address")
        .doesNotContain("heard");
    assertThat(inGuest(another.formatted("52:54:00:00:00:11") + PING.formatted(own)))
        .contains("heard");
  }

  private void changes() throws Exception {
    String own = inGuest("ip addr show eth0").replaceAll("(?s).*?inet (192[0-9.]+)/.*", "$1");
    String filter = printed("nwfilter-dumpxml", "clean-traffic");
    String silent =
        "<rule action='drop' direction='out' priority='-900'><icmp type='8'/></rule></filter>";
    printed("nwfilter-define", write("f.xml", filter.replace("</filter>", silent)).toString());
    assertThat(inGuest(PING.formatted(own))).doesNotContain("heard");
    printed("nwfilter-define", write("f.xml", filter).toString());
    assertThat(inGuest(PING.formatted(own))).contains("heard");
    assertThat(virsh("nwfilter-undefine", "no-ip-spoofing").text()).contains("nwfilter is in use");
  }
}
