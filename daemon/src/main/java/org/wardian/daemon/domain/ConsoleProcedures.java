package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.CharacterDevice;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.host.HostException;
import org.wardian.libvirt.constants.DomainChannelFlags;
import org.wardian.libvirt.constants.DomainConsoleFlags;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.remote.DomainOpenChannelArgs;
import org.wardian.libvirt.wire.remote.DomainOpenConsoleArgs;
import org.wardian.libvirt.wire.remote.RemoteProgram;

/** Consoles and channels as streams: one client at a time for each. */
final class ConsoleProcedures extends DomainProcedures {
  private final Map<String, CharacterSession> sessions = new ConcurrentHashMap<>();

  ConsoleProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.act(RemoteProgram.DOMAIN_OPEN_CONSOLE, this::console);
    handlers.act(RemoteProgram.DOMAIN_OPEN_CHANNEL, this::channel);
  }

  private void console(Call call, DomainOpenConsoleArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainConsoleFlags.FORCE | DomainConsoleFlags.SAFE);
    Domain domain = find(args.dom());
    domain.running();
    DomainDocument document = domain.facts().document();
    CharacterDevice device =
        find(
            List.of(document.consoles(), document.serials(), document.parallels()), args.devName());
    open(call, device, args.devName(), (args.flags() & DomainConsoleFlags.FORCE) != 0);
  }

  private static CharacterDevice find(List<List<CharacterDevice>> kinds, String alias)
      throws LibvirtException {
    return kinds.stream()
        .flatMap(List::stream)
        .filter(one -> alias == null || one.alias().filter(alias::equals).isPresent())
        .findFirst()
        .orElseThrow(() ->
            Refusal.internal("cannot find character device " + (alias == null ? "<null>" : alias)));
  }

  private void channel(Call call, DomainOpenChannelArgs args) throws LibvirtException {
    call.checkFlags(args.flags(), DomainChannelFlags.FORCE);
    Domain domain = find(args.dom());
    domain.running();
    String name = args.name();
    CharacterDevice device =
        domain.facts().document().channels().stream()
            .filter(one ->
                name == null
                    || one.alias().filter(name::equals).isPresent()
                    || one.channelName().filter(name::equals).isPresent())
            .findFirst()
            .orElseThrow(
                () -> Refusal.internal("cannot find channel " + (name == null ? "<null>" : name)));
    open(call, device, name, (args.flags() & DomainChannelFlags.FORCE) != 0);
  }

  private void open(Call call, CharacterDevice device, String name, boolean force)
      throws LibvirtException {
    Optional<String> path = device.path();
    if (path.isEmpty() || !device.type().equals("pty") && !device.type().equals("unix")) {
      throw Refusal.internal(
          "character device "
              + (name == null ? device.alias().orElse("<null>") : name)
              + " is not using a PTY or UNIX socket");
    }
    CharacterSession session;
    try {
      session = CharacterSession.open(device.type(), Path.of(path.get()));
    } catch (HostException e) {
      throw Refusal.failed("unable to open " + path.get() + ": " + e.getMessage(), e);
    }
    while (true) {
      CharacterSession other = sessions.putIfAbsent(path.get(), session);
      if (other == null) {
        break;
      }
      if (!force) {
        session.close();
        throw Refusal.failed("Active console session exists for this domain");
      }
      other.close();
      sessions.remove(path.get(), other);
    }
    call.openStream(stream -> {
      try {
        session.serve(stream);
      } catch (IOException e) {
        if (!session.isClosed()) {
          throw e;
        }
      } finally {
        session.close();
        sessions.remove(path.get(), session);
      }
    });
  }
}
