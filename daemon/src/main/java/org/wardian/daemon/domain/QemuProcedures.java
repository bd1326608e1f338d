package org.wardian.daemon.domain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.server.Call;
import org.wardian.libvirt.server.HandlerTable;
import org.wardian.libvirt.wire.qemu.DomainAgentCommandRet;
import org.wardian.libvirt.wire.qemu.DomainMonitorCommandArgs;
import org.wardian.libvirt.wire.qemu.DomainMonitorCommandRet;
import org.wardian.libvirt.wire.qemu.QemuProgram;
import org.wardian.libvirt.wire.remote.ConnectDomainXmlToNativeArgs;
import org.wardian.libvirt.wire.remote.ConnectDomainXmlToNativeRet;
import org.wardian.libvirt.wire.remote.RemoteProgram;
import org.wardian.qmp.QmpException;

/** What goes by libvirt and straight to the machine or its guest. */
final class QemuProcedures extends DomainProcedures {
  private static final int HMP = 1;

  private final ObjectMapper json = new ObjectMapper();
  private final AtomicInteger numbers = new AtomicInteger();

  QemuProcedures(DomainParts parts) {
    super(parts);
  }

  @Override
  public void register(HandlerTable handlers) {
    handlers.on(QemuProgram.DOMAIN_MONITOR_COMMAND, this::monitor);
    handlers.on(
        QemuProgram.DOMAIN_AGENT_COMMAND,
        (call, args) ->
            new DomainAgentCommandRet(
                parts().agents().raw(find(args.dom()), args.cmd(), args.timeout())));
    handlers.on(RemoteProgram.CONNECT_DOMAIN_XML_TO_NATIVE, this::toNative);
  }

  private DomainMonitorCommandRet monitor(Call call, DomainMonitorCommandArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), HMP);
    Machine machine = find(args.dom()).running();
    if ((args.flags() & HMP) != 0) {
      JsonNode said =
          machine.execute(
              "human-monitor-command", Machine.arguments().put("command-line", args.cmd()));
      return new DomainMonitorCommandRet(said.asText());
    }
    JsonNode request;
    try {
      request = json.readTree(args.cmd());
    } catch (JsonProcessingException e) {
      throw Refusal.internal("cannot parse json " + args.cmd() + ": " + e.getOriginalMessage(), e);
    }
    String command = request.path("execute").asText("");
    if (command.isEmpty()) {
      throw Refusal.badArgument("the command names nothing to execute");
    }
    ObjectNode arguments =
        request.path("arguments") instanceof ObjectNode given ? given : Machine.arguments();
    ObjectNode answer = json.createObjectNode();
    try {
      answer.set("return", machine.ask(command, arguments));
    } catch (QmpException e) {
      answer.putObject("error").put("class", e.errorClass().text()).put("desc", e.getMessage());
    }
    answer.put("id", request.path("id").asText("libvirt-" + numbers.incrementAndGet()));
    return new DomainMonitorCommandRet(answer.toString());
  }

  private ConnectDomainXmlToNativeRet toNative(Call call, ConnectDomainXmlToNativeArgs args)
      throws LibvirtException {
    call.checkFlags(args.flags(), 0);
    if (!args.nativeFormat().equals("qemu-argv")) {
      throw Refusal.badArgument("unsupported config type " + args.nativeFormat());
    }
    String name = parts().xml().define(args.domainXml()).name();
    return new ConnectDomainXmlToNativeRet(
        parts().launcher().commandLine(files().definitions().file(name), Path.of(name + ".sock")));
  }
}
