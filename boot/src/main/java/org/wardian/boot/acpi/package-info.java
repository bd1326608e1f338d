/** The ACPI tables of a PC without BIOS, and the small AML assembler that writes its DSDT. */
package org.wardian.boot.acpi;
