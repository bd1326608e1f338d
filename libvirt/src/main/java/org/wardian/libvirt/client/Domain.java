package org.wardian.libvirt.client;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.wardian.libvirt.constants.DomainModificationImpact;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.ConnectGetAllDomainStatsArgs;
import org.wardian.libvirt.wire.remote.DomainAttachDeviceFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainCreateArgs;
import org.wardian.libvirt.wire.remote.DomainCreateWithFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainDestroyArgs;
import org.wardian.libvirt.wire.remote.DomainDetachDeviceFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainGetAutostartArgs;
import org.wardian.libvirt.wire.remote.DomainGetInfoArgs;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.DomainGetStateArgs;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescArgs;
import org.wardian.libvirt.wire.remote.DomainInterface;
import org.wardian.libvirt.wire.remote.DomainInterfaceAddressesArgs;
import org.wardian.libvirt.wire.remote.DomainIsPersistentArgs;
import org.wardian.libvirt.wire.remote.DomainListAllSnapshotsArgs;
import org.wardian.libvirt.wire.remote.DomainManagedSaveArgs;
import org.wardian.libvirt.wire.remote.DomainOpenConsoleArgs;
import org.wardian.libvirt.wire.remote.DomainRebootArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainRenameArgs;
import org.wardian.libvirt.wire.remote.DomainResetArgs;
import org.wardian.libvirt.wire.remote.DomainResumeArgs;
import org.wardian.libvirt.wire.remote.DomainSaveArgs;
import org.wardian.libvirt.wire.remote.DomainScreenshotArgs;
import org.wardian.libvirt.wire.remote.DomainScreenshotRet;
import org.wardian.libvirt.wire.remote.DomainSendKeyArgs;
import org.wardian.libvirt.wire.remote.DomainSetAutostartArgs;
import org.wardian.libvirt.wire.remote.DomainSetMemoryFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainSetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.DomainSetVcpusFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainShutdownArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotCreateXmlArgs;
import org.wardian.libvirt.wire.remote.DomainSnapshotLookupByNameArgs;
import org.wardian.libvirt.wire.remote.DomainStatsRecord;
import org.wardian.libvirt.wire.remote.DomainSuspendArgs;
import org.wardian.libvirt.wire.remote.DomainUndefineFlagsArgs;
import org.wardian.libvirt.wire.remote.DomainUpdateDeviceFlagsArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/**
 * A domain: a machine that a daemon keeps or runs. This is a name for it and holds no state; two
 * are equal when their UUIDs are.
 */
public final class Domain {
  private static final int SECOND_STEP_LIMIT = 16;

  private final Connection connection;
  private final DomainRef ref;

  Domain(Connection connection, DomainRef ref) {
    this.connection = connection;
    this.ref = ref;
  }

  /** Its name when this was looked up. */
  public String name() {
    return ref.name();
  }

  /** Its UUID, which never changes. */
  public UUID uuid() {
    return ref.uuid();
  }

  /** Its id when this was looked up; -1 where it did not run. */
  public int id() {
    return ref.id();
  }

  /** What it is called by on the wire. */
  public DomainRef reference() {
    return ref;
  }

  /** What it does; null for a state that this version does not know. */
  public DomainState state() throws LibvirtException {
    return DomainState.of(
        connection.call(RemoteProgram.DOMAIN_GET_STATE, new DomainGetStateArgs(ref, 0)).state());
  }

  /** State, memory in KiB, processors, processor time in ns. */
  public DomainGetInfoRet info() throws LibvirtException {
    return connection.call(RemoteProgram.DOMAIN_GET_INFO, new DomainGetInfoArgs(ref));
  }

  /** Its description, of the running domain where it runs. */
  public String xml() throws LibvirtException {
    return xml(0);
  }

  /**
   * Its description.
   *
   * @param flags of {@code DomainXmlFlags}
   */
  public String xml(int flags) throws LibvirtException {
    return connection
        .call(RemoteProgram.DOMAIN_GET_XML_DESC, new DomainGetXmlDescArgs(ref, flags))
        .xml();
  }

  /** Starts it. */
  public void start() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_CREATE, new DomainCreateArgs(ref));
  }

  /**
   * Starts it.
   *
   * @param flags of {@code DomainCreateFlags}
   */
  public void start(int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_CREATE_WITH_FLAGS, new DomainCreateWithFlagsArgs(ref, flags));
  }

  /** Asks the guest to shut down. */
  public void shutdown() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_SHUTDOWN, new DomainShutdownArgs(ref));
  }

  /**
   * Asks the guest to restart.
   *
   * @param flags of {@code DomainRebootFlags}
   */
  public void reboot(int flags) throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_REBOOT, new DomainRebootArgs(ref, flags));
  }

  /** Resets it, as its button would. */
  public void reset() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_RESET, new DomainResetArgs(ref, 0));
  }

  /** Takes its power away. */
  public void destroy() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_DESTROY, new DomainDestroyArgs(ref));
  }

  /** Halts its processors. */
  public void suspend() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_SUSPEND, new DomainSuspendArgs(ref));
  }

  /** Lets its processors go on. */
  public void resume() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_RESUME, new DomainResumeArgs(ref));
  }

  /**
   * Forgets its definition.
   *
   * @param flags of {@code DomainUndefineFlags}
   */
  public void undefine(int flags) throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_UNDEFINE_FLAGS, new DomainUndefineFlagsArgs(ref, flags));
  }

  /** Saves it with its memory to a path on the daemon's host, and stops it. */
  public void save(String path) throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_SAVE, new DomainSaveArgs(ref, path));
  }

  /** Saves it with its memory where the daemon likes; the next start goes on from there. */
  public void managedSave() throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_MANAGED_SAVE, new DomainManagedSaveArgs(ref, 0));
  }

  /** Whether it starts with the daemon. */
  public boolean autostart() throws LibvirtException {
    return connection
            .call(RemoteProgram.DOMAIN_GET_AUTOSTART, new DomainGetAutostartArgs(ref))
            .autostart()
        != 0;
  }

  /** Says whether it starts with the daemon. */
  public void autostart(boolean wanted) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_SET_AUTOSTART, new DomainSetAutostartArgs(ref, wanted ? 1 : 0));
  }

  /** Whether its definition is kept. */
  public boolean isPersistent() throws LibvirtException {
    return connection
            .call(RemoteProgram.DOMAIN_IS_PERSISTENT, new DomainIsPersistentArgs(ref))
            .persistent()
        != 0;
  }

  /** Gives it another name. */
  public void rename(String name) throws LibvirtException {
    connection.call(RemoteProgram.DOMAIN_RENAME, new DomainRenameArgs(ref, name, 0));
  }

  /**
   * Changes its memory.
   *
   * @param kibibytes how much
   * @param flags of {@code DomainMemoryModFlags}
   */
  public void setMemory(long kibibytes, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_SET_MEMORY_FLAGS, new DomainSetMemoryFlagsArgs(ref, kibibytes, flags));
  }

  /**
   * Changes its number of processors.
   *
   * @param flags of {@code DomainVcpuFlags}
   */
  public void setProcessors(int number, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_SET_VCPUS_FLAGS, new DomainSetVcpusFlagsArgs(ref, number, flags));
  }

  /**
   * Adds a device.
   *
   * @param flags of {@code DomainDeviceModifyFlags}
   */
  public void attachDevice(String xml, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_ATTACH_DEVICE_FLAGS, new DomainAttachDeviceFlagsArgs(ref, xml, flags));
  }

  /** Takes a device away. */
  public void detachDevice(String xml, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_DETACH_DEVICE_FLAGS, new DomainDetachDeviceFlagsArgs(ref, xml, flags));
  }

  /** Changes a device, such as the medium of a drive. */
  public void updateDevice(String xml, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_UPDATE_DEVICE_FLAGS, new DomainUpdateDeviceFlagsArgs(ref, xml, flags));
  }

  /** Limits on its memory by name. */
  public Map<String, Object> memoryParameters() throws LibvirtException {
    int flags = DomainModificationImpact.CURRENT;
    int count =
        connection
            .call(
                RemoteProgram.DOMAIN_GET_MEMORY_PARAMETERS,
                new DomainGetMemoryParametersArgs(ref, 0, flags))
            .nparams();
    return TypedParameters.toMap(
        connection
            .call(
                RemoteProgram.DOMAIN_GET_MEMORY_PARAMETERS,
                new DomainGetMemoryParametersArgs(ref, Math.min(count, SECOND_STEP_LIMIT), flags))
            .params());
  }

  /** Sets limits on its memory. */
  public void setMemoryParameters(TypedParameters parameters, int flags) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_SET_MEMORY_PARAMETERS,
        new DomainSetMemoryParametersArgs(ref, parameters.toList(), flags));
  }

  /** Statistics of it alone, by name; {@code groups} of {@code DomainStatsTypes}, 0 for all. */
  public Map<String, Object> statistics(int groups) throws LibvirtException {
    List<DomainStatsRecord> records =
        connection
            .call(
                RemoteProgram.CONNECT_GET_ALL_DOMAIN_STATS,
                new ConnectGetAllDomainStatsArgs(List.of(ref), groups, 0))
            .retStats();
    return records.isEmpty() ? Map.of() : TypedParameters.toMap(records.getFirst().params());
  }

  /**
   * Addresses of its interfaces.
   *
   * @param source of {@code DomainInterfaceAddressesSource}
   */
  public List<DomainInterface> interfaceAddresses(int source) throws LibvirtException {
    return connection
        .call(
            RemoteProgram.DOMAIN_INTERFACE_ADDRESSES,
            new DomainInterfaceAddressesArgs(ref, source, 0))
        .ifaces();
  }

  /**
   * Presses keys together.
   *
   * @param codeSet of {@code KeycodeSet}
   * @param milliseconds how long
   * @param codes up to 16
   */
  public void sendKeys(int codeSet, int milliseconds, int... codes) throws LibvirtException {
    connection.call(
        RemoteProgram.DOMAIN_SEND_KEY, new DomainSendKeyArgs(ref, codeSet, milliseconds, codes, 0));
  }

  /**
   * Opens its console.
   *
   * @param device alias, or null for the first
   * @param flags of {@code DomainConsoleFlags}
   */
  public ClientStream console(String device, int flags) throws LibvirtException {
    return connection.stream(
        RemoteProgram.DOMAIN_OPEN_CONSOLE, new DomainOpenConsoleArgs(ref, device, flags));
  }

  /**
   * A picture of its screen.
   *
   * @param type of the content, such as {@code image/png}
   * @param content to be read and ended
   */
  public record Screenshot(String type, ClientStream content) {}

  /** Takes a picture of a screen. */
  public Screenshot screenshot(int screen) throws LibvirtException {
    RpcClient.Answer<DomainScreenshotRet> answer =
        connection
            .rpc()
            .call(
                RemoteProgram.DOMAIN_SCREENSHOT,
                new DomainScreenshotArgs(ref, screen, 0),
                List.of(),
                true);
    return new Screenshot(answer.result().mime(), answer.stream());
  }

  /** All snapshots. */
  public List<Snapshot> snapshots() throws LibvirtException {
    return connection
        .call(RemoteProgram.DOMAIN_LIST_ALL_SNAPSHOTS, new DomainListAllSnapshotsArgs(ref, 1, 0))
        .snapshots()
        .stream()
        .map(snapshot -> new Snapshot(connection, snapshot))
        .toList();
  }

  /** The snapshot of a name. */
  public Snapshot snapshot(String name) throws LibvirtException {
    return new Snapshot(
        connection,
        connection
            .call(
                RemoteProgram.DOMAIN_SNAPSHOT_LOOKUP_BY_NAME,
                new DomainSnapshotLookupByNameArgs(ref, name, 0))
            .snap());
  }

  /**
   * Takes a snapshot.
   *
   * @param flags of {@code DomainSnapshotCreateFlags}
   */
  public Snapshot createSnapshot(String xml, int flags) throws LibvirtException {
    return new Snapshot(
        connection,
        connection
            .call(
                RemoteProgram.DOMAIN_SNAPSHOT_CREATE_XML,
                new DomainSnapshotCreateXmlArgs(ref, xml, flags))
            .snap());
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Domain other && ref.uuid().equals(other.ref.uuid());
  }

  @Override
  public int hashCode() {
    return ref.uuid().hashCode();
  }

  @Override
  public String toString() {
    return "Domain[" + ref.name() + " " + ref.uuid() + "]";
  }
}
