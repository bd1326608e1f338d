package org.wardian.process.control;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.List;
import org.wardian.process.character.CharacterBackend;
import org.wardian.qmp.CommandTable;

/** Serial ports and channels: where the host's ends are. */
final class CharacterCommands {
  private final MachineControl control;

  CharacterCommands(MachineControl control) {
    this.control = control;
  }

  void addTo(CommandTable table) {
    table.add("query-chardev", List.of(), arguments -> list());
  }

  private ArrayNode list() {
    ArrayNode list = Replies.list();
    for (CharacterBackend backend : control.parts().characters().values()) {
      list.addObject()
          .put("frontend-open", backend.isOpenInGuest())
          .put("filename", backend.filename())
          // The name that libvirt's documents imply.
          .put("label", "char" + backend.id());
    }
    return list;
  }
}
