package org.wardian.daemon.host;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.ConnectGetHostnameRet;
import org.wardian.libvirt.wire.remote.ConnectGetLibVersionRet;
import org.wardian.libvirt.wire.remote.ConnectGetMaxVcpusArgs;
import org.wardian.libvirt.wire.remote.ConnectGetMaxVcpusRet;
import org.wardian.libvirt.wire.remote.ConnectGetTypeRet;
import org.wardian.libvirt.wire.remote.ConnectGetUriRet;
import org.wardian.libvirt.wire.remote.ConnectGetVersionRet;
import org.wardian.libvirt.wire.remote.ConnectIsSecureRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** What a connection is to: kind and version of the hypervisor, name of the host. */
final class ConnectProcedures implements HandlerFamily {
  /** The protocol that we speak: libvirt 9.0.0, as major * 1000000 + minor * 1000 + micro. */
  private static final long LIBRARY = 9_000_000;

  /** The hypervisor whose ways we have: clients decide by it what they may ask for. */
  private static final long HYPERVISOR = 7_002_000;

  private final boolean system;
  private final int mostProcessors;

  ConnectProcedures(boolean system, int mostProcessors) {
    this.system = system;
    this.mostProcessors = mostProcessors;
  }

  @Override
  public void register(HandlerTable table) {
    table.on(RemoteProgram.CONNECT_GET_TYPE, (call, none) -> new ConnectGetTypeRet("QEMU"));
    table.on(
        RemoteProgram.CONNECT_GET_VERSION, (call, none) -> new ConnectGetVersionRet(HYPERVISOR));
    table.on(
        RemoteProgram.CONNECT_GET_LIB_VERSION,
        (call, none) -> new ConnectGetLibVersionRet(LIBRARY));
    table.on(
        RemoteProgram.CONNECT_GET_HOSTNAME, (call, none) -> new ConnectGetHostnameRet(hostname()));
    table.on(
        RemoteProgram.CONNECT_GET_URI,
        (call, none) -> new ConnectGetUriRet(system ? "qemu:///system" : "qemu:///session"));
    table.on(
        RemoteProgram.CONNECT_IS_SECURE,
        (call, none) -> new ConnectIsSecureRet(call.session().peer().isPlain() ? 0 : 1));
    table.on(RemoteProgram.CONNECT_GET_MAX_VCPUS, this::mostProcessors);
  }

  static String hostname() throws LibvirtException {
    try {
      Path file = Path.of("/proc/sys/kernel/hostname");
      return Files.isReadable(file)
          ? Files.readString(file).strip()
          : InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      throw new LibvirtException(
          ErrorNumber.NO_HOSTNAME, org.wardian.libvirt.constants.ErrorDomain.QEMU, "", e);
    } catch (java.io.IOException e) {
      throw Refusal.system("failed to determine host name: " + e.getMessage(), e);
    }
  }

  private ConnectGetMaxVcpusRet mostProcessors(Call call, ConnectGetMaxVcpusArgs args)
      throws LibvirtException {
    String type = args.type() == null ? "qemu" : args.type().toLowerCase(java.util.Locale.ROOT);
    return switch (type) {
      case "qemu" -> new ConnectGetMaxVcpusRet(mostProcessors);
      case "kvm" -> {
        if (!Files.exists(Path.of("/dev/kvm"))) {
          throw Refusal.exactly(
              ErrorNumber.SYSTEM_ERROR,
              org.wardian.libvirt.constants.ErrorDomain.NONE,
              "Unable to open /dev/kvm: No such file or directory");
        }
        yield new ConnectGetMaxVcpusRet(mostProcessors);
      }
      default -> throw Refusal.badArgument("unknown type '" + args.type() + "'");
    };
  }
}
