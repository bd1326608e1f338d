package org.wardian.process.control;

import static org.wardian.qmp.Parameter.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.domain.NetworkInterface;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.process.domain.LinkPort;
import org.wardian.qmp.Arguments;
import org.wardian.qmp.CommandTable;
import org.wardian.qmp.ParameterType;
import org.wardian.qmp.QmpException;

/** Network cards: their cables, and what has passed. */
final class NetworkCommands {
  private final MachineControl control;

  NetworkCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add(
        "set_link",
        List.of(required("name", ParameterType.STRING), required("up", ParameterType.BOOLEAN)),
        this::setLink);
    table.add(
        "x-wardian-set-card-limits",
        List.of(required("id", ParameterType.STRING), required("device", ParameterType.STRING)),
        this::setLimits);
    table.add("x-wardian-query-netstats", List.of(), arguments -> statistics());
  }

  private JsonNode setLink(Arguments arguments) throws QmpException {
    String name = arguments.string("name");
    LinkPort link = control.parts().links().get(name);
    if (link == null && name.startsWith("host")) {
      link = control.parts().links().get(name.substring("host".length()));
    }
    if (link == null) {
      throw Replies.noDevice(name);
    }
    link.setUp(arguments.bool("up"));
    return Arguments.none();
  }

  /** Takes the filter and the bandwidth of the card's element of the document; it says all. */
  private JsonNode setLimits(Arguments arguments) throws QmpException {
    String name = arguments.string("id");
    LinkPort link = control.parts().links().get(name);
    if (link == null) {
      throw Replies.noDevice(name);
    }
    try {
      if (!(DomainDocument.view(XmlReader.read(arguments.string("device")))
          instanceof NetworkInterface card)) {
        throw new QmpException("Parameter 'device' is no network card");
      }
      link.limits().set(card);
    } catch (XmlException | IllegalArgumentException e) {
      throw new QmpException(e.getMessage());
    }
    return Arguments.none();
  }

  private ArrayNode statistics() {
    ArrayNode cards = Replies.list();
    control
        .parts()
        .links()
        .forEach((alias, link) -> {
          LinkPort.Counts counts = link.counts();
          cards
              .addObject()
              .put("id", alias)
              .put("up", link.isUp())
              .put("rx-bytes", counts.receivedBytes())
              .put("rx-packets", counts.receivedFrames())
              .put("rx-drops", counts.receiveDrops())
              .put("tx-bytes", counts.sentBytes())
              .put("tx-packets", counts.sentFrames())
              .put("tx-drops", counts.sendDrops())
              .put("rx-filtered", link.limits().filteredToGuest())
              .put("tx-filtered", link.limits().filteredFromGuest());
        });
    return cards;
  }
}
