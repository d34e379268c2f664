// Attention of one text, head by head; `attend_head` is the instruction set's own.

void attend(const AttentionTask& task) {
    AttentionScratch scratch(task.scratch, task.length, task.head_columns);
    for (int head = task.first_head; head < task.end_head; head++) attend_head(task, head, scratch);
}
