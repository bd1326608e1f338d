package org.wardian.cli.manage;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.rpc.StreamItem;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.ServerStream;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.server.UnixService;
import org.wardian.libvirt.wire.remote.ConnectGetAllDomainStatsRet;
import org.wardian.libvirt.wire.remote.DomainDefineXmlFlagsRet;
import org.wardian.libvirt.wire.remote.DomainGetXmlDescRet;
import org.wardian.libvirt.wire.remote.DomainLookupByNameRet;
import org.wardian.libvirt.wire.remote.DomainRef;
import org.wardian.libvirt.wire.remote.DomainScreenshotRet;
import org.wardian.libvirt.wire.remote.DomainStatsRecord;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.libvirt.wire.remote.TypedParam;
import org.wardian.libvirt.wire.remote.TypedParamValue;

/**
 * A daemon of our own server with one running machine, {@code echo}, for what Debian's daemon has
 * only with a guest: its console sends back what is typed until that is {@code bye}, its counters
 * rise at each look, and its description is what was defined last.
 */
final class EchoHost implements ConnectionOpener, HandlerFamily, AutoCloseable {
  static final UUID UUID_OF_ECHO = new UUID(4, 2);
  private static final DomainRef ECHO = new DomainRef("echo", UUID_OF_ECHO, 3);
  private static final long STEP = 50_000_000;
  private static final int SUPPORTED_FLAGS = 1;

  private final Path socket;
  private final Server server;
  private final AtomicLong looks = new AtomicLong();
  private volatile String xml =
      "<domain type='kvm'>\n  <name>echo</name>\n  <uuid>" + UUID_OF_ECHO + "</uuid>\n</domain>\n";

  private EchoHost(Path socket) {
    this.socket = socket;
    server = new Server(new Server.Settings(this), List.of(this));
  }

  static EchoHost at(Path socket) throws IOException {
    EchoHost host = new EchoHost(socket);
    host.server.serve(
        new UnixService(
            socket,
            PosixFilePermissions.fromString("rwx------"),
            false,
            List.of(AuthenticationType.NONE)));
    return host;
  }

  String uri() {
    return "qemu+unix:///system?socket=" + socket;
  }

  String xml() {
    return xml;
  }

  /** How many clients it has. */
  int sessions() {
    return server.sessions().size();
  }

  /** Changes the description, as another client would. */
  void xml(String changed) {
    xml = changed;
  }

  @Override
  public void open(Session session, String uri) {}

  @Override
  public boolean supportsFeature(Session session, int feature) {
    return false;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(
        RemoteProgram.DOMAIN_LOOKUP_BY_NAME,
        (call, args) -> {
          if (!args.name().equals(ECHO.name())) {
            throw new LibvirtException(
                ErrorNumber.NO_DOMAIN, ErrorDomain.QEMU, "no domain '" + args.name() + "'");
          }
          return new DomainLookupByNameRet(ECHO);
        });
    table.on(RemoteProgram.DOMAIN_GET_XML_DESC, (call, args) -> new DomainGetXmlDescRet(xml));
    table.on(
        RemoteProgram.DOMAIN_DEFINE_XML_FLAGS,
        (call, args) -> {
          if (args.xml().contains("<bad/>")) {
            throw new LibvirtException(
                ErrorNumber.XML_ERROR, ErrorDomain.DOMAIN, "nobody wants <bad/>");
          }
          xml = args.xml();
          return new DomainDefineXmlFlagsRet(ECHO);
        });
    table.act(RemoteProgram.DOMAIN_OPEN_CONSOLE, (call, args) -> call.openStream(EchoHost::echo));
    table.on(
        RemoteProgram.DOMAIN_SCREENSHOT,
        (call, args) -> {
          call.openStream(stream -> {
            byte[] picture = "a picture".getBytes(StandardCharsets.UTF_8);
            stream.send(picture, 0, picture.length);
          });
          return new DomainScreenshotRet("image/png");
        });
    table.on(
        RemoteProgram.CONNECT_GET_ALL_DOMAIN_STATS,
        (call, args) -> {
          // As an older daemon, which knows no NOWAIT.
          call.checkFlags(args.flags(), SUPPORTED_FLAGS);
          return new ConnectGetAllDomainStatsRet(List.of(statistics(looks.incrementAndGet())));
        });
  }

  private static void echo(ServerStream stream) throws IOException {
    byte[] welcome = "login: ".getBytes(StandardCharsets.US_ASCII);
    stream.send(welcome, 0, welcome.length);
    while (stream.receive() instanceof StreamItem.Data data) {
      stream.send(data.bytes(), 0, data.bytes().length);
      if (new String(data.bytes(), StandardCharsets.US_ASCII).contains("bye")) {
        return;
      }
    }
  }

  private static DomainStatsRecord statistics(long look) {
    return new DomainStatsRecord(
        ECHO,
        List.of(
            new TypedParam("state.state", new TypedParamValue.IntValue(1)),
            number("cpu.time", look * STEP),
            number("balloon.current", 1 << 20),
            new TypedParam("vcpu.current", new TypedParamValue.UintValue(2)),
            new TypedParam("block.count", new TypedParamValue.UintValue(2)),
            number("block.0.rd.bytes", look << 20),
            number("block.1.rd.bytes", look << 20),
            number("block.1.wr.bytes", 7),
            new TypedParam("net.count", new TypedParamValue.UintValue(1)),
            number("net.0.rx.bytes", look << 10),
            number("net.0.tx.bytes", 0)));
  }

  private static TypedParam number(String name, long value) {
    return new TypedParam(name, new TypedParamValue.UllongValue(value));
  }

  @Override
  public void close() {
    server.close();
  }
}
