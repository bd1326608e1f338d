package org.wardian.cli.manage;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.WardRun;
import org.wardian.libvirt.client.Connection;

/** Verbs for machines against Debian's libvirtd, whose driver {@code test} has them in memory. */
class MachineVerbsTest {
  private static UserLibvirtd daemon;

  /** What the driver has in memory is gone with its last connection. */
  private static Connection kept;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    daemon = UserLibvirtd.start();
    kept = Connection.open(daemon.memoryUri());
  }

  @AfterAll
  static void stop() throws Exception {
    if (kept != null) {
      kept.close();
    }
    if (daemon != null) {
      daemon.close();
    }
  }

  private static WardRun ward(String... arguments) {
    return UserLibvirtd.ward(daemon.memoryUri(), 1, arguments);
  }

  private static String done(String... arguments) {
    WardRun run = ward(arguments);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    return run.out();
  }

  private static JsonNode json(String... arguments) throws Exception {
    return new JsonMapper().readTree(done(arguments));
  }

  private String define(String name) throws Exception {
    Path file =
        Files.writeString(
            folder.resolve(name + ".xml"),
            """
            <domain type='test'>
              <name>%s</name>
              <memory unit='MiB'>64</memory>
              <vcpu>2</vcpu>
              <os><type>hvm</type></os>
            </domain>
            """
                .formatted(name));
    return done("define", file.toString());
  }

  private static String state(String name) throws Exception {
    return json("info", "--json", name).get(0).get("state").asText();
  }

  @Test
  void aMachineIsDefinedStartsPausesGoesOnAndStops() throws Exception {
    assertThat(define("life")).isEqualTo("life: defined\n");
    assertThat(state("life")).isEqualTo("shut off");
    assertThat(done("start", "life")).isEqualTo("life: started\n");
    assertThat(state("life")).isEqualTo("running");
    assertThat(done("pause", "life")).isEqualTo("life: paused\n");
    assertThat(state("life")).isEqualTo("paused");
    assertThat(done("resume", "life")).isEqualTo("life: resumed\n");
    assertThat(done("stop", "--force", "life")).isEqualTo("life: stopped\n");
    assertThat(state("life")).isEqualTo("shut off");
    assertThat(done("undefine", "--yes", "life")).isEqualTo("life: forgotten\n");
    assertThat(ward("info", "life").status()).isEqualTo(ExitStatus.NOT_FOUND.code());
  }

  @Test
  void stopWaitsUntilTheMachineIsOff() throws Exception {
    define("quiet");
    done("start", "quiet");

    assertThat(done("stop", "--wait", "--timeout", "600", "quiet")).isEqualTo("quiet: shut down\n");

    assertThat(state("quiet")).isEqualTo("shut off");
    done("undefine", "-y", "quiet");
  }

  @Test
  void theListHasWhatRunsAndWithAllTheRest() throws Exception {
    define("off");

    assertThat(done("list")).contains("ID  NAME  STATE").doesNotContain("off");
    assertThat(done("list", "--all")).containsPattern("(?m)^ +-  off +shut off +2 +64 MiB$");
    assertThat(done("list", "--inactive", "--names").lines()).contains("off");
    JsonNode all = json("ls", "-a", "--json");
    assertThat(all.findValuesAsText("name")).contains("off", "test");
    JsonNode off = find(all, "off");
    assertThat(off.get("memory").asLong()).isEqualTo(64 << 20);
    assertThat(off.get("id").isNull()).isTrue();
    assertThat(off.get("persistent").asBoolean()).isTrue();
    done("undefine", "-y", "off");
  }

  private static JsonNode find(JsonNode list, String name) {
    for (JsonNode one : list) {
      if (one.get("name").asText().equals(name)) {
        return one;
      }
    }
    throw new AssertionError("no " + name + " in " + list);
  }

  @Test
  void aMachineIsFoundByNameUuidAndId() throws Exception {
    JsonNode test = json("info", "--json", "test").get(0);

    String uuid = test.get("uuid").asText();
    String id = test.get("id").asText();
    assertThat(json("info", "--json", uuid, id, uuid.toUpperCase(Locale.ROOT)))
        .hasSize(3)
        .allMatch(one -> one.get("name").asText().equals("test"));
  }

  @Test
  void oneThatIsNotThereDoesNotKeepTheVerbFromTheOthers() throws Exception {
    define("first");
    define("second");

    WardRun run = ward("start", "first", "missing", "second");

    assertThat(run.out()).isEqualTo("first: started\nsecond: started\n");
    assertThat(run.err())
        .isEqualTo(
            "ward: missing: there is no machine \"missing\": 'ward list --all' tells what there"
                + " is\n");
    assertThat(run.status()).isEqualTo(ExitStatus.NOT_FOUND.code());
    assertThat(ward("start", "first").status()).isEqualTo(ExitStatus.REFUSED.code());
    done("stop", "--force", "first", "second");
    done("undefine", "-y", "first", "second");
  }

  @Test
  void whatTheDaemonRefusesIsItsReasonOnOneLine() throws Exception {
    Path bad = Files.writeString(folder.resolve("bad.xml"), "<domain type='test'><name>a</");

    WardRun run = ward("define", bad.toString());

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED.code());
    assertThat(run.err()).startsWith("ward: ").hasLineCount(1);
    assertThat(ward("define", folder + "/none").status()).isEqualTo(ExitStatus.USAGE.code());
  }

  @Test
  void snapshotsAreTakenListedGoneBackToAndDeleted() throws Exception {
    define("snap");
    done("start", "snap");
    assertThat(UserLibvirtd.ward(daemon.memoryUri(), 2, "snapshot", "create", "snap", "one").out())
        .isEqualTo("snap: took one\n");
    snapshot("create", "snap", "two", "--description", "the second");

    JsonNode list = new JsonMapper().readTree(snapshot("list", "snap", "--json"));
    assertThat(list.findValuesAsText("name")).containsExactlyInAnyOrder("one", "two");
    assertThat(find(list, "two").get("parent").asText()).isEqualTo("one");
    assertThat(find(list, "two").get("current").asBoolean()).isTrue();
    assertThat(snapshot("list", "--tree", "snap")).isEqualTo("one\n+- two *\n");
    assertThat(snapshot("info", "snap", "two")).contains("description  the second");
    assertThat(snapshot("revert", "snap", "one")).isEqualTo("snap: is as it was at one\n");
    assertThat(snapshot("delete", "--yes", "--children", "snap", "one"))
        .isEqualTo("snap: deleted one and what stood on it\n");
    assertThat(snapshot("list", "snap", "--json").strip()).isEqualTo("[ ]");
    done("stop", "-f", "snap");
    done("undefine", "-y", "snap");
  }

  private static String snapshot(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "snapshot";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    WardRun run = UserLibvirtd.ward(daemon.memoryUri(), 2, all);
    assertThat(run.err()).isEmpty();
    return run.out();
  }

  @Test
  void aMachineIsSavedToAFileAndRestored() throws Exception {
    define("saved");
    done("start", "saved");
    Path file = daemon.pool().resolve("saved");

    assertThat(done("save", "saved", file.toString())).isEqualTo("saved: saved to " + file + "\n");
    assertThat(state("saved")).isEqualTo("shut off");
    done("restore", file.toString());

    assertThat(state("saved")).isEqualTo("running");
    done("stop", "--force", "saved");
    done("undefine", "-y", "saved");
  }

  @Test
  void aMachineIsRenamedAndKept() throws Exception {
    define("before");

    assertThat(done("rename", "before", "after")).isEqualTo("before: is after now\n");

    assertThat(done("autostart", "after")).isEqualTo("after: starts with its daemon\n");
    assertThat(json("info", "--json", "after").get(0).get("autostart").asBoolean()).isTrue();
    done("autostart", "--disable", "after");
    assertThat(json("info", "--json", "after").get(0).get("autostart").asBoolean()).isFalse();
    done("undefine", "-y", "after");
  }

  @Test
  void topTellsOfTheMachinesThatRun() throws Exception {
    JsonNode loads = json("top", "--once", "--json", "--delay", "0.2");

    assertThat(find(loads, "test").get("state").asText()).isEqualTo("running");
  }

  @Test
  void theHostIsTold() throws Exception {
    JsonNode host = json("host", "--json");

    assertThat(host.get("hypervisor").asText()).isEqualTo("TEST");
    assertThat(host.get("processors").asInt()).isPositive();
    assertThat(done("host")).contains("hypervisor   TEST");
    assertThat(done("host", "--capabilities")).startsWith("<capabilities>");
  }

  @Test
  void eventsAreALineEach() throws Exception {
    define("loud");
    CompletableFuture<WardRun> events =
        CompletableFuture.supplyAsync(() ->
            ward("events", "--machine", "loud", "--json", "--count", "2", "--timeout", "600"));
    // Starts and stops until both were seen: the subscription has no moment that shows from here.
    while (!events.isDone()) {
      ward("start", "loud");
      ward("stop", "--force", "loud");
    }

    WardRun run = events.get();
    assertThat(run.status()).isZero();
    assertThat(run.out().lines()).hasSize(2);
    JsonNode first = new JsonMapper().readTree(run.out().lines().findFirst().orElseThrow());
    assertThat(first.get("name").asText()).isEqualTo("loud");
    assertThat(first.get("event").asText()).isEqualTo("lifecycle");
    assertThat(first.get("type").asText()).isIn("started", "stopped");
    done("undefine", "-y", "loud");
  }

  @Test
  void networksAreListedStartedAndForgotten() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("net.xml"),
            """
            <network>
              <name>lab</name><bridge name='lab0'/><forward mode='route'/>
              <ip address='192.0.2.1' prefix='24'/>
            </network>
            """);
    assertThat(net("define", "--start", "--autostart", file.toString()))
        .isEqualTo("lab: defined and started\n");

    assertThat(net("list")).containsPattern("(?m)^lab +active +yes +lab0 +route +192.0.2.1/24$");
    assertThat(net("stop", "lab")).isEqualTo("lab: stopped\n");
    assertThat(net("list")).doesNotContain("lab");
    assertThat(net("info", "lab")).contains("state      inactive");
    assertThat(net("delete", "--yes", "lab")).isEqualTo("lab: forgotten\n");
    assertThat(UserLibvirtd.ward(daemon.memoryUri(), 2, "net", "info", "lab").status())
        .isEqualTo(ExitStatus.NOT_FOUND.code());
  }

  private static String net(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "net";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    WardRun run = UserLibvirtd.ward(daemon.memoryUri(), 2, all);
    assertThat(run.err()).isEmpty();
    return run.out();
  }

  @Test
  void withoutADaemonTheWayOutIsTold() {
    WardRun run = UserLibvirtd.ward("qemu+unix:///system?socket=/none", 1, "list");

    assertThat(run.status()).isEqualTo(ExitStatus.NO_DAEMON.code());
    assertThat(run.err())
        .startsWith("ward: no daemon answers at qemu+unix:///system?socket=/none: start one with")
        .hasLineCount(1);
  }
}
