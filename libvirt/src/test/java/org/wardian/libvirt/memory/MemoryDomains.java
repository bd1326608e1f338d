package org.wardian.libvirt.memory;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.host.Descriptor;
import org.wardian.host.UnixSocket;
import org.wardian.libvirt.constants.ConnectListAllDomainsFlags;
import org.wardian.libvirt.constants.DomainEventType;
import org.wardian.libvirt.constants.DomainState;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.ServerStream;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsArgs;
import org.wardian.libvirt.wire.remote.ConnectListAllDomainsRet;
import org.wardian.libvirt.wire.remote.DomainDefineXmlFlagsRet;
import org.wardian.libvirt.wire.remote.DomainDefineXmlRet;
import org.wardian.libvirt.wire.remote.DomainEventCallbackLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainEventLifecycleMsg;
import org.wardian.libvirt.wire.remote.DomainGetAutostartRet;
import org.wardian.libvirt.wire.remote.DomainGetHostnameRet;
import org.wardian.libvirt.wire.remote.DomainGetInfoRet;
import org.wardian.libvirt.wire.remote.DomainGetMaxMemoryRet;
import org.wardian.libvirt.wire.remote.DomainGetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.DomainGetMemoryParametersRet;
import org.wardian.libvirt.wire.remote.DomainGetOsTypeRet;
import org.wardian.libvirt.wire.remote.DomainGetStateArgs;
import org.wardian.libvirt.wire.remote.DomainGetStateRet;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainIsActiveRet;
import org.wardian.libvirt.wire.remote.DomainIsPersistentRet;
import org.wardian.libvirt.wire.remote.DomainLookupByIdRet;
import org.wardian.libvirt.wire.remote.DomainLookupByNameRet;
import org.wardian.libvirt.wire.remote.DomainLookupByUuidRet;
import org.wardian.libvirt.wire.remote.DomainOpenGraphicsFdArgs;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainScreenshotRet;
import org.wardian.libvirt.wire.remote.DomainSetMemoryParametersArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/** Domains without machines: they are defined, start and stop, have a console that echoes. */
public final class MemoryDomains implements HandlerFamily {
  private static final Pattern NAME = Pattern.compile("<name>([^<]+)</name>");
  private static final Pattern UUID_TEXT = Pattern.compile("<uuid>([^<]+)</uuid>");

  private static final class Entry {
    private final String name;
    private final UUID uuid;
    private final String xml;
    private int id = -1;
    private boolean autostart;
    private final Map<String, TypedParamValue> memory = new LinkedHashMap<>();

    Entry(String name, UUID uuid, String xml) {
      this.name = name;
      this.uuid = uuid;
      this.xml = xml;
      memory.put("hard_limit", new TypedParamValue.UllongValue(1 << 20));
      memory.put("soft_limit", new TypedParamValue.UllongValue(1 << 19));
    }

    DomainRef ref() {
      return new DomainRef(name, uuid, id);
    }
  }

  private final Map<UUID, Entry> entries = new LinkedHashMap<>();
  private final AtomicInteger ids = new AtomicInteger();
  private volatile Events events;

  /** While this is not open, {@code DOMAIN_GET_HOSTNAME} waits. */
  public volatile CountDownLatch gate = new CountDownLatch(0);

  /** Calls that wait at the gate, and that have. */
  public final AtomicInteger arrived = new AtomicInteger();

  void events(Events value) {
    events = value;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.CONNECT_LIST_ALL_DOMAINS, this::list);
    table.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_NAME,
        (call, args) -> new DomainLookupByNameRet(byName(args.name()).ref()));
    table.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_UUID,
        (call, args) -> new DomainLookupByUuidRet(byUuid(args.uuid()).ref()));
    table.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_ID,
        (call, args) -> new DomainLookupByIdRet(byId(args.id()).ref()));
    table.on(
        RemoteProgram.DOMAIN_DEFINE_XML,
        (call, args) -> new DomainDefineXmlRet(define(args.xml())));
    table.on(
        RemoteProgram.DOMAIN_DEFINE_XML_FLAGS,
        (call, args) -> {
          call.checkFlags(args.flags(), 1);
          return new DomainDefineXmlFlagsRet(define(args.xml()));
        });
    table.act(RemoteProgram.DOMAIN_CREATE, (call, args) -> start(args.dom()));
    table.act(RemoteProgram.DOMAIN_DESTROY, (call, args) -> destroy(args.dom()));
    table.act(RemoteProgram.DOMAIN_UNDEFINE_FLAGS, (call, args) -> undefine(args.dom()));
    table.act(RemoteProgram.DOMAIN_UNDEFINE, (call, args) -> undefine(args.dom()));
    table.on(RemoteProgram.DOMAIN_GET_STATE, this::state);
    table.on(
        RemoteProgram.DOMAIN_GET_INFO,
        (call, args) ->
            new DomainGetInfoRet(stateOf(args.dom()).number(), 1 << 20, 1 << 19, 2, 123_456_789L));
    table.on(
        RemoteProgram.DOMAIN_GET_XML_DESC,
        (call, args) -> new DomainGetXmlDescRet(find(args.dom()).xml));
    table.on(
        RemoteProgram.DOMAIN_GET_AUTOSTART,
        (call, args) -> new DomainGetAutostartRet(find(args.dom()).autostart ? 1 : 0));
    table.act(
        RemoteProgram.DOMAIN_SET_AUTOSTART,
        (call, args) -> find(args.dom()).autostart = args.autostart() != 0);
    table.on(RemoteProgram.DOMAIN_IS_PERSISTENT, (call, args) -> new DomainIsPersistentRet(1));
    table.on(
        RemoteProgram.DOMAIN_IS_ACTIVE,
        (call, args) -> new DomainIsActiveRet(find(args.dom()).id < 0 ? 0 : 1));
    table.on(RemoteProgram.DOMAIN_GET_OS_TYPE, (call, args) -> new DomainGetOsTypeRet("hvm"));
    table.on(
        RemoteProgram.DOMAIN_GET_MAX_MEMORY, (call, args) -> new DomainGetMaxMemoryRet(1 << 20));
    table.on(RemoteProgram.DOMAIN_GET_MEMORY_PARAMETERS, this::memory);
    table.act(RemoteProgram.DOMAIN_SET_MEMORY_PARAMETERS, this::setMemory);
    table.act(
        RemoteProgram.DOMAIN_OPEN_CONSOLE,
        (call, args) -> {
          requireRunning(args.dom());
          call.openStream(MemoryDomains::echo);
        });
    table.on(
        RemoteProgram.DOMAIN_SCREENSHOT,
        (call, args) -> {
          call.openStream(stream -> {
            byte[] picture = "a picture".getBytes(StandardCharsets.UTF_8);
            stream.send(picture, 0, picture.length);
          });
          return new DomainScreenshotRet("image/png");
        });
    table.act(RemoteProgram.DOMAIN_OPEN_GRAPHICS_FD, this::graphics);
    table.on(
        RemoteProgram.DOMAIN_GET_HOSTNAME,
        (call, args) -> {
          arrived.incrementAndGet();
          try {
            gate.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return new DomainGetHostnameRet("guest");
        });
    table.on(
        RemoteProgram.DOMAIN_GET_METADATA,
        (call, args) -> {
          throw new IllegalStateException("a fault of the daemon");
        });
  }

  private synchronized ConnectListAllDomainsRet list(Call call, ConnectListAllDomainsArgs args) {
    int which =
        args.flags() & (ConnectListAllDomainsFlags.ACTIVE | ConnectListAllDomainsFlags.INACTIVE);
    List<DomainRef> found =
        entries.values().stream()
            .filter(entry ->
                which == 0
                    || (which
                            & (entry.id >= 0
                                ? ConnectListAllDomainsFlags.ACTIVE
                                : ConnectListAllDomainsFlags.INACTIVE))
                        != 0)
            .map(Entry::ref)
            .toList();
    return new ConnectListAllDomainsRet(args.needResults() != 0 ? found : List.of(), found.size());
  }

  private static LibvirtException none(String detail) {
    return new LibvirtException(ErrorNumber.NO_DOMAIN, ErrorDomain.QEMU, detail);
  }

  private synchronized Entry byName(String name) throws LibvirtException {
    return entries.values().stream()
        .filter(entry -> entry.name.equals(name))
        .findFirst()
        .orElseThrow(() -> none("no domain with matching name '" + name + "'"));
  }

  private synchronized Entry byUuid(UUID uuid) throws LibvirtException {
    Entry entry = entries.get(uuid);
    if (entry == null) {
      throw none("no domain with matching uuid '" + uuid + "'");
    }
    return entry;
  }

  private synchronized Entry byId(int id) throws LibvirtException {
    return entries.values().stream()
        .filter(entry -> entry.id == id && id >= 0)
        .findFirst()
        .orElseThrow(() -> none("no domain with matching id " + id));
  }

  private Entry find(DomainRef ref) throws LibvirtException {
    return byUuid(ref.uuid());
  }

  /** Defines a domain. */
  public DomainRef define(String xml) throws LibvirtException {
    Matcher name = NAME.matcher(xml);
    if (!name.find()) {
      throw new LibvirtException(ErrorNumber.XML_ERROR, ErrorDomain.DOMAIN, "missing name");
    }
    Matcher uuid = UUID_TEXT.matcher(xml);
    UUID id = uuid.find() ? UUID.fromString(uuid.group(1)) : UUID.randomUUID();
    Entry entry = new Entry(name.group(1), id, xml);
    synchronized (this) {
      entries.put(id, entry);
    }
    tell(entry, DomainEventType.DEFINED);
    return entry.ref();
  }

  private void tell(Entry entry, DomainEventType type) {
    DomainRef ref = entry.ref();
    events.emit(
        RemoteProgram.DOMAIN_EVENT_CALLBACK_LIFECYCLE,
        entry.uuid,
        id ->
            new DomainEventCallbackLifecycleMsg(
                id, new DomainEventLifecycleMsg(ref, type.number(), 0)));
  }

  private void start(DomainRef ref) throws LibvirtException {
    Entry entry = find(ref);
    synchronized (this) {
      if (entry.id >= 0) {
        throw new LibvirtException(
            ErrorNumber.OPERATION_INVALID, ErrorDomain.QEMU, "domain is already running");
      }
      entry.id = ids.incrementAndGet();
    }
    tell(entry, DomainEventType.STARTED);
  }

  private Entry requireRunning(DomainRef ref) throws LibvirtException {
    Entry entry = find(ref);
    if (entry.id < 0) {
      throw new LibvirtException(
          ErrorNumber.OPERATION_INVALID, ErrorDomain.QEMU, "domain is not running");
    }
    return entry;
  }

  private void destroy(DomainRef ref) throws LibvirtException {
    Entry entry = requireRunning(ref);
    synchronized (this) {
      entry.id = -1;
    }
    tell(entry, DomainEventType.STOPPED);
  }

  private void undefine(DomainRef ref) throws LibvirtException {
    Entry entry = find(ref);
    synchronized (this) {
      entries.remove(entry.uuid);
    }
    tell(entry, DomainEventType.UNDEFINED);
  }

  private DomainState stateOf(DomainRef ref) throws LibvirtException {
    return find(ref).id < 0 ? DomainState.SHUTOFF : DomainState.RUNNING;
  }

  private DomainGetStateRet state(Call call, DomainGetStateArgs args) throws LibvirtException {
    return new DomainGetStateRet(stateOf(args.dom()).number(), 1);
  }

  private synchronized DomainGetMemoryParametersRet memory(
      Call call, DomainGetMemoryParametersArgs args) throws LibvirtException {
    Entry entry = find(args.dom());
    if (args.nparams() == 0) {
      return new DomainGetMemoryParametersRet(List.of(), entry.memory.size());
    }
    return new DomainGetMemoryParametersRet(
        entry.memory.entrySet().stream()
            .limit(args.nparams())
            .map(one -> new TypedParam(one.getKey(), one.getValue()))
            .toList(),
        entry.memory.size());
  }

  private synchronized void setMemory(Call call, DomainSetMemoryParametersArgs args)
      throws LibvirtException {
    Entry entry = find(args.dom());
    args.params().forEach(one -> entry.memory.put(one.field(), one.value()));
  }

  private static void echo(ServerStream stream) throws IOException {
    byte[] welcome = "console ready\r\n".getBytes(StandardCharsets.UTF_8);
    stream.send(welcome, 0, welcome.length);
    while (stream.receive() instanceof StreamItem.Data data) {
      stream.send(data.bytes(), 0, data.bytes().length);
    }
  }

  private void graphics(Call call, DomainOpenGraphicsFdArgs args) throws LibvirtException {
    requireRunning(args.dom());
    Descriptor passed =
        UnixSocket.pairToPass(own ->
            Thread.startVirtualThread(() -> {
              try (own) {
                byte[] greeting = "RFB 003.008\n".getBytes(StandardCharsets.UTF_8);
                own.write(greeting, 0, greeting.length);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            }));
    call.returnDescriptor(passed);
  }

  /** How many there are. */
  public synchronized int size() {
    return entries.size();
  }
}
