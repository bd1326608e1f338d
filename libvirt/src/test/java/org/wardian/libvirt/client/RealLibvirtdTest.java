package org.wardian.libvirt.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.DrvFeature;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.constants.NetworkEventLifecycleType;
import org.wardian.libvirt.constants.StorageVolInfoFlags;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.wire.remote.DomainEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.NetworkEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.StoragePoolEventLifecycleMsg;

/** Our client with Debian's libvirtd: its test driver, and a user's QEMU driver. */
@EnabledOnOs(OS.LINUX)
@Timeout(600)
class RealLibvirtdTest {
  private static RealDaemon daemon;

  @BeforeAll
  static void start() throws Exception {
    daemon = RealDaemon.start(List.of(), false);
  }

  @AfterAll
  static void stop() throws Exception {
    if (daemon != null) {
      daemon.close();
    }
  }

  private static Connection test() throws LibvirtException {
    return Connection.open(daemon.uri("test", "/default"));
  }

  private static Connection session() throws LibvirtException {
    return Connection.open(daemon.uri("qemu", "/session"));
  }

  private static void assertRefused(ErrorNumber number, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            LibvirtException.class, e -> assertThat(e.number()).isEqualTo(number));
  }

  @Test
  void aConnectionSaysWhatItIs() throws Exception {
    try (Connection connection = test()) {
      assertThat(connection.type()).isEqualTo("TEST");
      assertThat(connection.uri()).isEqualTo("test:///default");
      assertThat(connection.libraryVersion()).isGreaterThanOrEqualTo(7_000_000);
      assertThat(connection.nodeInfo().cpus()).isPositive();
      assertThat(connection.capabilities()).contains("<capabilities>");
      assertThat(connection.supports(DrvFeature.REMOTE_EVENT_CALLBACK)).isTrue();
    }
  }

  @Test
  void domainsLiveAndDieAndAreHeardOf() throws Exception {
    BlockingQueue<DomainEventLifecycleMsg> told = new LinkedBlockingQueue<>();
    try (Connection connection = test()) {
      Subscription subscription = connection.events().ofLifecycle(told::add);
      Domain domain =
          connection.defineDomain(
              "<domain type='test'><name>ours</name><memory>8192</memory>"
                  + "<os><type>hvm</type></os></domain>");
      assertThat(domain.state()).isEqualTo(DomainState.SHUTOFF);
      domain.start();
      assertThat(domain.state()).isEqualTo(DomainState.RUNNING);
      assertThat(domain.info().maxMem()).isEqualTo(8_192);
      domain.suspend();
      assertThat(domain.state()).isEqualTo(DomainState.PAUSED);
      domain.resume();
      assertThat(domain.xml()).contains("<name>ours</name>").contains(domain.uuid().toString());
      assertThat(connection.domain("ours").id()).isPositive();
      assertThat(domain.statistics(0)).containsEntry("state.state", 1);
      domain.destroy();
      domain.undefine(0);
      for (DomainEventType type :
          List.of(
              DomainEventType.DEFINED,
              DomainEventType.STARTED,
              DomainEventType.SUSPENDED,
              DomainEventType.RESUMED,
              DomainEventType.STOPPED,
              DomainEventType.UNDEFINED)) {
        DomainEventLifecycleMsg event = told.take();
        assertThat(event.event()).isEqualTo(type.number());
        assertThat(event.dom().name()).isEqualTo("ours");
      }
      subscription.close();
      assertRefused(ErrorNumber.NO_DOMAIN, () -> connection.domain("ours"));
      assertRefused(ErrorNumber.NO_DOMAIN, () -> connection.domain(new UUID(1, 2)));
    }
  }

  @Test
  void errorsAreLibvirts() throws Exception {
    try (Connection connection = test()) {
      assertRefused(ErrorNumber.XML_DETAIL, () -> connection.defineDomain("<domain"));
      assertRefused(ErrorNumber.NO_NETWORK, () -> connection.network("none"));
      assertRefused(ErrorNumber.NO_STORAGE_POOL, () -> connection.storagePool("none"));
      assertRefused(ErrorNumber.OPERATION_INVALID, () -> connection.network("default").start());
    }
    try (Connection reader =
        Connection.open(daemon.uri("test", "/default"), ConnectOptions.DEFAULT.withReadOnly())) {
      assertThat(reader.domains()).isNotEmpty();
      assertRefused(ErrorNumber.OPERATION_DENIED, () -> reader.domain("test").destroy());
    }
    assertRefused(ErrorNumber.NO_CONNECT, () -> Connection.open(daemon.uri("nonsense", "/system")));
  }

  @Test
  void snapshotsAreTakenAndGoneBackTo() throws Exception {
    try (Connection connection = test()) {
      Domain domain = connection.domain("test");
      Snapshot first =
          domain.createSnapshot("<domainsnapshot><name>first</name></domainsnapshot>", 0);
      domain.createSnapshot("<domainsnapshot><name>second</name></domainsnapshot>", 0);
      assertThat(domain.snapshots()).extracting(Snapshot::name).contains("first", "second");
      assertThat(first.xml()).contains("<name>first</name>");
      assertThat(first.isCurrent()).isFalse();
      first.revert(0);
      assertThat(first.isCurrent()).isTrue();
      first.delete(1);
      assertThat(domain.snapshots()).isEmpty();
      assertRefused(ErrorNumber.NO_DOMAIN_SNAPSHOT, () -> domain.snapshot("first"));
    }
  }

  @Test
  void networksAndPoolsLiveAndDieAndAreHeardOf() throws Exception {
    BlockingQueue<NetworkEventLifecycleMsg> networks = new LinkedBlockingQueue<>();
    BlockingQueue<StoragePoolEventLifecycleMsg> pools = new LinkedBlockingQueue<>();
    try (Connection connection = test()) {
      connection.events().ofNetworks(networks::add);
      connection.events().ofStoragePools(RemoteProgram.STORAGE_POOL_EVENT_LIFECYCLE, pools::add);
      Network network =
          connection.defineNetwork(
              "<network><name>ours</name><bridge name='ours0'/><forward/>"
                  + "<ip address='192.0.2.1' netmask='255.255.255.0'/></network>");
      network.start();
      assertThat(network.isActive()).isTrue();
      assertThat(network.isPersistent()).isTrue();
      assertThat(network.bridge()).isEqualTo("ours0");
      assertThat(connection.networks()).extracting(Network::name).contains("default", "ours");
      network.destroy();
      network.undefine();
      for (NetworkEventLifecycleType type :
          List.of(
              NetworkEventLifecycleType.DEFINED,
              NetworkEventLifecycleType.STARTED,
              NetworkEventLifecycleType.STOPPED,
              NetworkEventLifecycleType.UNDEFINED)) {
        assertThat(networks.take().event()).isEqualTo(type.number());
      }
      StoragePool pool =
          connection.defineStoragePool(
              "<pool type='dir'><name>ours</name><target><path>/ours</path></target></pool>");
      assertThat(pools.take().pool().name()).isEqualTo("ours");
      pool.start();
      pool.createVolume("<volume><name>v</name><capacity>1000000</capacity></volume>", 0);
      assertThat(pool.volumes()).extracting(StorageVolume::name).containsExactly("v");
      assertThat(pool.volume("v").info().capacity()).isEqualTo(1_000_000);
      assertThat(pool.info().state()).isEqualTo(2);
      pool.destroy();
      pool.undefine();
    }
  }

  @Test
  void volumesAreSentAndFetchedWithTheirHoles() throws Exception {
    try (Connection connection = session()) {
      Path target = daemon.home().resolve("pool");
      StoragePool pool =
          connection.defineStoragePool(
              "<pool type='dir'><name>real</name><target><path>"
                  + target
                  + "</path></target></pool>");
      pool.build(0);
      pool.start();
      StorageVolume volume =
          pool.createVolume(
              "<volume><name>v.raw</name><capacity>8388608</capacity><allocation>0</allocation>"
                  + "<target><format type='raw'/></target></volume>",
              0);
      assertThat(volume.path()).isEqualTo(target.resolve("v.raw").toString());
      byte[] content = new byte[8_388_608];
      byte[] noise = new byte[1_000_000];
      new SplittableRandom(8).nextBytes(noise);
      System.arraycopy(noise, 0, content, 4_194_304, noise.length);
      ClientStream up = volume.upload(0, 0, 1);
      up.sendHole(4_194_304);
      up.send(noise, 0, noise.length);
      up.sendHole(8_388_608 - 4_194_304 - noise.length);
      up.finish();
      assertThat(volume.download(0, 0, 0).asInput().readAllBytes()).isEqualTo(content);
      ClientStream down = volume.download(0, 0, 1);
      long holes = 0;
      byte[] back = new byte[content.length];
      int at = 0;
      StreamItem item;
      while (!((item = down.receive()) instanceof StreamItem.End)) {
        if (item instanceof StreamItem.Hole hole) {
          holes += hole.length();
          at += (int) hole.length();
        } else if (item instanceof StreamItem.Data data) {
          System.arraycopy(data.bytes(), 0, back, at, data.bytes().length);
          at += data.bytes().length;
        }
      }
      down.finish();
      assertThat(Arrays.mismatch(back, content)).isEqualTo(-1);
      assertThat(holes).isGreaterThan(4_000_000);
      ClientStream aborted = volume.download(0, 0, 0);
      assertThat(aborted.receive()).isInstanceOf(StreamItem.Data.class);
      aborted.close();
      StorageVolume copy =
          pool.createVolumeFrom(
              "<volume><name>c.raw</name><capacity>8388608</capacity>"
                  + "<target><format type='raw'/></target></volume>",
              volume,
              0);
      assertThat(copy.download(0, 0, 0).asInput().readAllBytes()).isEqualTo(content);
      assertThat(copy.info(StorageVolInfoFlags.GET_PHYSICAL).allocation()).isEqualTo(8_388_608);
      copy.wipe(StorageVolWipeAlgorithm.ZERO);
      assertThat(copy.download(0, 0, 0).asInput().readAllBytes()).containsOnly(0);
      copy.delete();
      volume.delete();
      assertRefused(ErrorNumber.NO_STORAGE_VOL, () -> pool.volume("v.raw"));
      assertThat(pool.isPersistent()).isTrue();
      assertThat(pool.autostart()).isFalse();
      pool.autostart(true);
      assertThat(pool.autostart()).isTrue();
      pool.destroy();
      assertThat(pool.isActive()).isFalse();
      pool.deleteStorage();
      assertThat(target).doesNotExist();
      pool.undefine();
    }
  }

  @Test
  void secretsAreKept() throws Exception {
    try (Connection connection = session()) {
      Secret secret =
          connection.defineSecret(
              "<secret ephemeral='yes' private='no'><usage type='tls'>"
                  + "<name>ours</name></usage></secret>");
      byte[] value = "the value".getBytes(StandardCharsets.UTF_8);
      secret.setValue(value);
      assertThat(secret.value()).isEqualTo(value);
      assertThat(connection.secrets()).extracting(Secret::usage).contains("ours");
      assertThat(secret.xml()).contains("ours").doesNotContain("the value");
      secret.undefine();
      assertRefused(ErrorNumber.NO_SECRET, secret::xml);
    }
  }

  @Test
  void aRealDomainOfQemuIsDefined() throws Exception {
    Tool.require("qemu-system-x86_64", "qemu-system-x86");
    try (Connection connection = session()) {
      Domain domain =
          connection.defineDomain(
              "<domain type='qemu'><name>q</name><memory unit='MiB'>64</memory>"
                  + "<os><type arch='x86_64'>hvm</type></os>"
                  + "<memtune><hard_limit unit='MiB'>100</hard_limit></memtune></domain>");
      assertThat(domain.xml()).contains("<controller type='usb'").contains("q</name>");
      assertThat(domain.autostart()).isFalse();
      assertThat(connection.domainCapabilities(null, null, null, "qemu"))
          .contains("<domainCapabilities>");
      Map<Domain, Map<String, Object>> all = connection.domainStatistics(0, 0);
      assertThat(all.get(domain)).containsEntry("state.state", 5);
      domain.rename("r");
      assertThat(connection.domain("r")).isEqualTo(domain);
      domain.undefine(0);
    }
  }

  @Test
  void theHostsDevicesAreListed() throws Exception {
    try (Connection connection = session()) {
      assertThat(connection.nodeDevices()).extracting(NodeDevice::name).contains("computer");
      assertThat(connection.nodeDevice("computer").xml()).contains("<device>");
      assertRefused(ErrorNumber.NO_NODE_DEVICE, () -> connection.nodeDevice("none"));
    }
  }

  @Test
  void manyThreadsShareAConnection() throws Exception {
    try (Connection connection = test()) {
      List<Thread> threads =
          IntStream.range(0, 16)
              .mapToObj(i ->
                  Thread.startVirtualThread(() -> {
                    try {
                      for (int call = 0; call < 50; call++) {
                        connection.domains();
                      }
                    } catch (LibvirtException e) {
                      throw new IllegalStateException(e);
                    }
                  }))
              .toList();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(connection.isAlive()).isTrue();
    }
  }
}
