/** What is done to images as a whole: each operation in a class of its own. */
package org.wardian.storage.operation;
