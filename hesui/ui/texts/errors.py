"""What goes wrong, in words; each key is carried by a HesuiError."""

from hesui.ui.texts.text import Text

TEXTS: dict[str, Text] = {
    "error.unknown": Text(
        "出现意外错误，输入已保留，请再试一次。（{message}）",
        "Something unexpected went wrong; your input is kept, please try again. ({message})",
    ),
    "error.prompt_empty": Text(
        "提示词是空的，请先写下要求，或点上面的例子。", "The prompt is empty. Write one, or choose an example above."
    ),
    "error.prompt_too_long": Text(
        "提示词有 {count:,} 个字符，最多 {limit:,} 个，请缩短。",
        "The prompt has {count:,} characters; {limit:,} are allowed. Please shorten it.",
    ),
    "error.prompt_encoding": Text(
        "提示词第 {position} 个字符不是有效文字，请删去。",
        "Character {position} of the prompt is not valid text; remove it.",
    ),
    "error.demand_zero": Text(
        "字数要求是 {value}，请改成 1 到 {limit:,}。", "The demand is {value}; ask for a length from 1 to {limit:,}."
    ),
    "error.demand_too_large": Text(
        "字数要求是 {value}，最多支持 {limit:,}，请改小。",
        "The demand is {value}; at most {limit:,} is allowed. Ask for less.",
    ),
    "error.demand_range": Text(
        "区间下限 {low} 大于上限 {high}，请调换。", "The range starts at {low}, above its end {high}; swap them."
    ),
    "error.demand_missing": Text("请填写数量。", "Fill in the number."),
    "error.option_range": Text(
        "{name} 为 {value}，应在 {low} 到 {high} 之间。", "{name} is {value}; it must lie from {low} to {high}."
    ),
    "error.op_unknown": Text("不认识的方式“{value}”，可用：{known}。", "Unknown kind “{value}”; allowed: {known}."),
    "error.unit_unknown": Text(
        "不支持的单位“{value}”，可用：{known}。", "Unsupported unit “{value}”; allowed: {known}."
    ),
    "error.counter_unknown": Text(
        "不认识的计数规则“{value}”，可用：{known}。", "Unknown counting rule “{value}”; allowed: {known}."
    ),
    "error.model_none": Text("没有选择模型，请至少选一个。", "No model is chosen; choose at least one."),
    "error.model_unknown": Text(
        "没有名为“{model}”的模型，可用：{known}。", "There is no model “{model}”; there are: {known}."
    ),
    "error.model_not_found": Text(
        "没有名为“{name}”的模型，可用：{names}。", "There is no model “{name}”; there are: {names}."
    ),
    "error.base_not_found": Text(
        "找不到基座模型（{location}）。请检查 HESUI_BASE_MODEL，或运行 hesui models build-tiny 重建内置模型。",
        "The base model is missing ({location}). Check HESUI_BASE_MODEL, or rebuild the embedded one: hesui models build-tiny.",
    ),
    "error.unsafe_weights": Text(
        "“{name}”只有 pickle 格式的权重（{files}），加载时可能执行代码，因此拒绝。请另存为 safetensors。",
        "“{name}” holds pickled weights only ({files}), which can run code when loaded, so it is refused. Save it as safetensors.",
    ),
    "error.weights_missing": Text(
        "“{name}”里没有权重文件（{wanted}），请复制完整的模型文件夹。",
        "“{name}” holds no weights ({wanted}); copy the whole model folder.",
    ),
    "error.queue_full": Text(
        "现在人太多：已有 {waiting} 个请求在等（上限 {limit}）。请稍后再试，输入已保留。",
        "Too busy: {waiting} requests wait already ({limit} may). Try again in a moment; your input is kept.",
    ),
    "error.out_of_memory": Text(
        "内存不足（{device}），输入已保留。可以依次试试：多次取优改为 1，关闭字数引导，减少最多词元，或换用更小的模型。",
        "Out of memory ({device}); your input is kept. Try in turn: best of 1, no length guide, fewer max tokens, "
        "a smaller model.",
    ),
    "error.context": Text(
        "提示词有 {prompt} 个词元，答案约需 {answer} 个，而模型一共只容得下 {limit} 个。请缩短提示词或减少字数。",
        "The prompt has {prompt} tokens and the answer needs about {answer}; the model has room for {limit} together. "
        "Shorten the prompt or ask for less.",
    ),
    "error.template": Text(
        "模型的对话模板不接受这条提示词（{reason}）。", "The model's chat template refuses this prompt ({reason})."
    ),
    "error.base_unusable": Text(
        "基座模型“{name}”无法使用：{reason}", "The base model “{name}” cannot be used: {reason}"
    ),
    "error.adapter_unusable": Text("模型“{name}”无法使用：{reason}", "The model “{name}” cannot be used: {reason}"),
    "error.device": Text(
        "这台机器没有设备“{value}”，请把 HESUI_DEVICE 设为 auto、cpu、cuda、cuda:1 或 mps。",
        "There is no device “{value}” here; set HESUI_DEVICE to auto, cpu, cuda, cuda:1 or mps.",
    ),
    "error.dtype": Text(
        "不支持的数值类型“{value}”，请把 HESUI_DTYPE 设为 auto、float32、bfloat16 或 float16。",
        "Unsupported dtype “{value}”; set HESUI_DTYPE to auto, float32, bfloat16 or float16.",
    ),
    "error.remote_taken": Text(
        "HESUI_REMOTES 里的名字“{name}”已是某个适配器的名字，请换一个。",
        "HESUI_REMOTES names “{name}”, which is an adapter's name; choose another one.",
    ),
    # rows, classes and files
    "error.row_field": Text("字段“{field}”缺失或不是文字。", "The field “{field}” is missing or no text."),
    "error.row_constraint": Text("字数要求无法使用：{reason}", "The constraint cannot be used: {reason}"),
    "error.row_line": Text("{file} 第 {line} 行：{reason}", "{file}, line {line}: {reason}"),
    "error.file_unreadable": Text("无法读取文件 {file}：{reason}", "Cannot read {file}: {reason}"),
    "error.file_encoding": Text(
        "{file} 不是 UTF-8 文本，请先转换编码。", "{file} is not UTF-8 text; convert it first."
    ),
    "error.class_file": Text("类别文件 {file} 无法使用：{reason}", "The class file {file} cannot be used: {reason}"),
    "error.class_input": Text(
        "类别“{name}”以类别“{input}”的答案为输入，但它不存在；可用：{known}。",
        "Class “{name}” takes the answers of class “{input}”, which does not exist; there are: {known}.",
    ),
    "error.class_unknown": Text("没有类别“{name}”，可用：{known}。", "There is no class “{name}”; there are: {known}."),
    # the store, runs and rights
    "error.database": Text(
        "数据库打不开：{reason}。请检查 HESUI_DATABASE_URL 和 HESUI_HOME。",
        "The database does not open: {reason}. Check HESUI_DATABASE_URL and HESUI_HOME.",
    ),
    "error.database_url": Text(
        "HESUI_DATABASE_URL 无法使用：{reason}。请写成 sqlite:///文件 或 postgresql+psycopg://…",
        "HESUI_DATABASE_URL cannot be used: {reason}. Write sqlite:///FILE or postgresql+psycopg://…",
    ),
    "error.database_newer": Text(
        "数据库由更新版本的 hesui（{version}）写成，请改用那个版本，或换一个 HESUI_HOME。",
        "The database was written by a newer hesui ({version}); use that one, or another HESUI_HOME.",
    ),
    "error.distil_setting": Text("设置 {name} 为 {value}，无法使用：{reason}", "{name} is {value}: {reason}"),
    "error.distil_done": Text("运行 {id} 已完成，请新建一次运行。", "The run {id} is done; start a new one."),
    "error.distil_no_run": Text("没有运行“{id}”，现有：{known}。", "There is no run “{id}”; there are: {known}."),
    "error.distil_busy": Text(
        "运行 {id} 还在进行，请先停止它，或等它结束。",
        "The run {id} is still at work; stop it first, or wait for its end.",
    ),
    "error.distil_idle": Text("运行 {id} 现在没有在工作（{state}）。", "No process works on the run {id} ({state})."),
    "error.not_owner": Text(
        "只有主人可以这样做：请在运行本应用的机器上打开它（现在监听 {address}，可设 HESUI_HOST=127.0.0.1）。",
        "Only the owner may do this: open the app on its own machine (it listens on {address}; set HESUI_HOST=127.0.0.1).",
    ),
    # corpus: splits and what is wrong with rows
    "error.row_id_twice": Text(
        "有两行的编号都是“{id}”，请让每行编号唯一。", "Two rows have the id “{id}”; give every row its own."
    ),
    "error.frozen_differs": Text(
        "“{folder}”已冻结，内容与这次不同。请换一个新文件夹，或先删除它。",
        "“{folder}” is frozen with other content. Choose a new folder, or delete this one first.",
    ),
    "error.frozen_damaged": Text(
        "冻结的文件夹“{folder}”已损坏：{reason}。请恢复原文件，或删除后重新冻结。",
        "The frozen folder “{folder}” is damaged: {reason}. Restore it, or delete it and freeze again.",
    ),
    "problem.duplicate_id": Text("编号与第 {first} 行重复。", "The id is that of row {first} as well."),
    "problem.empty_prompt": Text("提示词是空的。", "The prompt is empty."),
    "problem.unknown_class": Text(
        "没有类别“{name}”，可用：{known}。", "There is no class “{name}”; there are: {known}."
    ),
    "problem.no_demand": Text(
        "类别“{name}”必须有字数要求，而提示词里没有。",
        "Class “{name}” needs a length demand and the prompt states none.",
    ),
    "problem.constraint_differs": Text(
        "记录的字数要求与提示词所写的不一致，也没有标明是手工设定的。",
        "The constraint is not what the prompt says and is not marked as set by hand.",
    ),
    "problem.reference_misses": Text(
        "参考答案不合要求：数得 {count}，应为 {band}。", "The reference misses its demand: {count} instead of {band}."
    ),
    # teachers
    "error.teacher_unknown": Text(
        "没有名为“{name}”的教师模型，可用：{known}。", "There is no teacher “{name}”; there are: {known}."
    ),
    "error.teacher_url": Text(
        "教师模型的地址无法使用：{reason}。请写成 https://主机/v1 的形式。",
        "The teacher's address cannot be used: {reason}. Write it like https://host/v1.",
    ),
    "error.teacher_model": Text(
        "教师“{teacher}”还没有指定模型，服务端的模型列表见 {url}。",
        "No model is named for the teacher “{teacher}”; its server lists them at {url}.",
    ),
    "error.teacher_key": Text(
        "没有设置环境变量 {name}，请设置后重新启动。", "{name} is not set; export it and start again."
    ),
    "error.teacher_key_bad": Text(
        "环境变量 {name} 含有密钥里不会出现的字符，请重新复制后再启动。",
        "{name} holds characters that no key has; copy it again, then start again.",
    ),
    "error.teacher_cap": Text(
        "费用上限为 {cap}，请改成大于 0 的数，或不设上限。", "The cap is {cap}; allow more than 0, or set none."
    ),
    "error.teacher_price": Text(
        "不知道“{model}”的价格，无法保证费用上限。请在 HESUI_PRICES 里写明（每百万词元），或不设上限。",
        "The cap cannot be kept: the price of “{model}” is unknown. Set HESUI_PRICES (for a million tokens), or set no cap.",
    ),
    "error.teacher_key_refused": Text(
        "教师服务拒绝了这个密钥或账户（{reason}）。请检查密钥和余额，然后继续。",
        "The teacher refuses this key or account ({reason}). Check the key and the balance, then go on.",
    ),
    "error.teacher_not_found": Text(
        "这个地址上没有模型“{model}”（{reason}）。请检查地址和模型名。",
        "There is no model “{model}” at this address ({reason}). Check both.",
    ),
    "error.teacher_silent": Text(
        "连续 {count} 次调用没有结果，最近一次：{reason}。请检查地址和网络，然后继续，已有的结果都在。",
        "{count} calls in a row brought nothing, the last one: {reason}. Check the address and the network, then go on: "
        "nothing is lost.",
    ),
    "error.cap_reached": Text(
        "费用上限到了：上限 {cap}，已用 {spent}，再调用一次可能超出。提高上限即可继续，已有的结果都在。",
        "The cap is reached: {spent} of {cap} are spent, and the next call could exceed it. Raise the cap to go on; "
        "nothing is lost.",
    ),
    "error.teacher_batch": Text(
        "教师服务没有接受批量任务：{reason}", "The teacher's batch service did not take the job: {reason}"
    ),
    # import and export
    "error.prompt_tokens": Text(
        "提示词连同系统消息有 {count} 个词元，最多 {limit} 个，请缩短。",
        "The prompt needs {count} tokens with its system message; {limit} are allowed. Please shorten it.",
    ),
    "error.file_empty": Text("文件 {file} 是空的，没有可读的内容。", "{file} is empty; there is nothing to read."),
    "error.file_unwritable": Text("无法写入 {file}：{reason}", "Cannot write {file}: {reason}"),
    "error.json_broken": Text("不是有效的 JSON（{reason}）", "no valid JSON: {reason}"),
    "error.json_object": Text("不是 JSON 对象", "not a JSON object"),
    "error.column_missing": Text(
        "{file} 第 1 行：表头（{found}）里没有“{column}”列，它可以叫：{names}。",
        "{file}, line 1: no column “{column}” among: {found}. It may be called: {names}.",
    ),
    "error.table_cells": Text(
        "有 {cells} 个单元格，表头只有 {columns} 列；含分隔符的单元格请加引号",
        "{cells} cells under {columns} columns; quote cells that hold a delimiter",
    ),
    "error.table_broken": Text("不是有效的 CSV（{reason}），请检查引号", "no valid CSV: {reason}; check the quotes"),
    "error.history_pairs": Text("字段“history”应是成对的问答", "the field “history” is no list of pairs"),
    "error.format_unknown": Text(
        "没有格式“{name}”，可用：{known}。", "There is no format “{name}”; there are: {known}."
    ),
    "error.format_undetected": Text(
        "{file} 第 {line} 行不是任何已知格式，请指定格式：{known}。",
        "{file}, line {line}: a record of no known format; name it: {known}.",
    ),
    "error.format_history": Text(
        "第 {id} 条在提示词之前还有对话，格式“{format}”放不下；请改用 rows、trl 或 sharegpt。",
        "Row {id}: the format “{format}” cannot carry the turns before its prompt; use rows, trl or sharegpt.",
    ),
    "error.turns_no_user": Text("对话里没有用户的发言", "the conversation has no turn of a user"),
    "error.turns_after_prompt": Text(
        "最后一次用户发言之后有 {count} 条，只能有一条答案", "{count} turns follow the last user's; one answer may"
    ),
    "error.turn_speaker": Text("不认识的发言者“{value}”，可用：{known}", "unknown speaker “{value}”; allowed: {known}"),
    "error.qianfan_line": Text(
        '不是千帆格式，应为 [{{"prompt": "…", "response": [["…"]]}}]',
        'not a Qianfan line; write [{{"prompt": "…", "response": [["…"]]}}]',
    ),
    "error.dataset_record": Text("数据集第 {number} 条：{reason}", "Record {number} of the data set: {reason}"),
    "error.dataset_columns": Text(
        "没有认识的列（{found}）；可用：prompt 和 completion、messages、conversations，或 instruction 和 output",
        "no known columns among: {found}; allowed: prompt and completion, messages, conversations, or instruction and output",
    ),
    "error.folder_no_dataset": Text("文件夹里没有保存的数据集", "a folder without a saved dataset"),
    "error.place_taken": Text("已有同名的其他内容，请换个名字", "there is something else of that name; choose another"),
    "error.chat_time": Text(
        "看不懂时间“{value}”，请写成 2026-02-17T20:30:00 或 Unix 秒数",
        "cannot read the time “{value}”; write e.g. 2026-02-17T20:30:00 or Unix seconds",
    ),
    # planning a run
    "error.distil_label_class": Text(
        "类别“{name}”要的是标签，不是答案，请选别的类别，或让教师模型给它标注。",
        "Class “{name}” wants labels, not answers. Choose another, or let a teacher label it.",
    ),
    "error.distil_no_seeds": Text(
        "类别“{name}”没有种子提示词，类别文件里也没有例子，请至少添加一条。",
        "Class “{name}” has no seed prompt, and its file no example; add at least one.",
    ),
    "error.class_cycle": Text(
        "类别“{name}”绕了一圈又以自己的答案为输入，请修改它的 input。",
        "Class “{name}” carries its own answers by a detour; change its input.",
    ),
    "error.not_label_class": Text("类别“{name}”要的是答案，不是标签。", "Class “{name}” wants answers, not labels."),
    "distil.left_open": Text(
        "有 {count} 条提示词没有问到答案（调用失败），稍后继续运行即可再问。",
        "{count} prompts stay open: their calls brought nothing. Go on later to ask again.",
    ),
    "error.length_option": Text(
        "“{value}”不是字数要求，例如：50字以内、300字左右、30-80字。",
        "“{value}” is no length demand; write e.g. 50字以内, 300字左右, 30-80字 or “within 50 words”.",
    ),
    "error.api_field": Text("请求中的“{name}”不能用：{reason}", "“{name}” of the request cannot be used: {reason}"),
    "error.api_unsupported": Text("这里不支持“{name}”，请去掉。", "“{name}” is not supported here; leave it out."),
    "error.split_unknown": Text("没有划分“{name}”，可用：{known}。", "There is no split “{name}”; there are: {known}."),
    "error.source_unknown": Text(
        "“{source}”不是文件，也不是 seeds、eval、latest 或运行的编号（现有：{known}）。",
        "“{source}” is neither a file nor seeds, eval, latest or a run's id (there are: {known}).",
    ),
    "error.row_too_long": Text(
        "第“{id}”条放不进 {limit} 个词元：{reason}", "Row “{id}” does not fit {limit} tokens: {reason}"
    ),
    # countdown marks
    "error.train_markers": Text(
        "倒计数标记只能用 sft 方法教给适配器（lora），不能用 {method} 与 {adaptation}；请不要选标记，或更换方法与训练方式。",
        "Countdown marks are taught by the method sft to an adapter (lora), not by {method} with {adaptation}; leave them "
        "out, or change method and adaptation.",
    ),
    # quantised training
    "error.train_quantize": Text(
        "4 位量化（quantize）需要 CUDA 和 bitsandbytes，这里没有：{missing}。请关闭 quantize；如果内存不足，可以打开 gradient_checkpointing。",
        "Training on a base in 4 bits (quantize) needs CUDA and bitsandbytes; here is no {missing}. Leave quantize out; "
        "where memory is short, set gradient_checkpointing.",
    ),
    "error.train_quantize_full": Text(
        "4 位量化（quantize）的权重不能训练，不能用于全量微调；请选择 adaptation=lora，或关闭 quantize。",
        "Weights in 4 bits (quantize) cannot be trained, so there is no full fine-tuning of them; choose adaptation=lora, "
        "or leave quantize out.",
    ),
    # merging
    "error.merge_taken": Text(
        "“{name}”处已有内容，请换一个不存在的文件夹。", "There is something at {name} already; name a new folder."
    ),
    "error.merge_unable": Text(
        "适配器 {name} 不能并入基座：{reason}。请直接作为适配器使用。",
        "The adapter {name} cannot be merged into its base: {reason}. Use it as an adapter.",
    ),
    "error.merge_unknown": Text(
        "没有名为“{name}”的适配器或训练；现有适配器：{known}。",
        "Neither an adapter nor a run is named “{name}”; the adapters: {known}.",
    ),
    "error.merge_full": Text(
        "训练 {id} 是全量训练，{folder} 已是完整的模型。",
        "The run {id} tuned all weights: {folder} is a whole model already.",
    ),
    # sweeps
    "error.sweep_try": Text(
        "看不懂“{given}”，请写成 learning_rate=1e-3,2e-3 这样。",
        "Cannot read “{given}”; write e.g. learning_rate=1e-3,2e-3.",
    ),
    "error.sweep_data": Text("一次对比只用一个数据集。", "A sweep is over one data set; begin one for each."),
    "error.sweep_many": Text(
        "这些取值共 {count} 次训练，最多 {limit} 次，请减少。",
        "These values make {count} runs; at most {limit} are allowed.",
    ),
    "error.sweep_unknown": Text("没有对比“{id}”，现有：{known}。", "There is no sweep “{id}”; there are: {known}."),
    # several processes
    "error.train_sharded": Text(
        "分摊权重至少要两个进程，这次训练只有一个，请设进程数，或关掉 sharded。",
        "Weights are shared out over two processes at least, and this run has one; set processes, or leave sharded out.",
    ),
    "error.train_sharded_quantized": Text(
        "4 位的基座（quantize）不能分摊到多个进程，请关掉 quantize 或 sharded。",
        "A base in 4 bits (quantize) cannot be shared out over processes; leave quantize or sharded out.",
    ),
    "error.train_one_process": Text(
        "方法 {method} 只能用一个进程训练，请设 processes=1，并关掉 sharded。",
        "The method {method} trains in one process only; set processes=1, and leave sharded out.",
    ),
    "error.train_processes": Text(
        "进程数为 {count}，最多 {most}。", "{count} processes are set; at most {most} can share a step."
    ),
    "error.train_rank": Text(
        "进程 {rank} 提前结束（退出码 {code}），原因在日志里。",
        "Process {rank} of the run ended before its time (exit code {code}); the log says why.",
    ),
    # labels and judges
    "error.labels_empty": Text("{file} 里没有带标签的文本。", "{file} holds no labelled text."),
    "error.labels_mixed": Text(
        "{file} 里混有多个类别（{names}），请一个文件只放一个类别。",
        "{file} mixes the classes {names}; keep one in a file.",
    ),
    "error.labels_split": Text(
        "“{folder}”里没有带标签文本的划分“{name}”，可用：{known}。",
        "“{folder}” has no split “{name}” of labelled texts; there are: {known}.",
    ),
    "error.model_size": Text(
        "读不出 {name} 的参数量（{reason}），请给出它的文件夹，或写成 {name}=600M。",
        "The size of {name} cannot be read ({reason}); name its folder, or write {name}=600M.",
    ),
    "error.scale_few": Text(
        "只有 {count} 个模型，至少要 {least} 个大小递增的模型。",
        "{count} models are named; {least} or more of growing size are needed.",
    ),
    "error.scale_sizes": Text(
        "这些模型只有 {count} 种大小，至少要 {least} 种。",
        "The models have {count} different sizes; {least} or more are needed.",
    ),
    "error.judge_entry": Text(
        "评测 {id} 里没有“{name}”的答案，可用：{known}。", "“{name}” has no answers in {id}; there are: {known}."
    ),
    "error.judge_same": Text("两边都是 {name}，请选两个不同的。", "{name} is named twice; name two different entries."),
    "error.judge_none": Text(
        "在评测 {id} 里，{first} 和 {second} 没有都回答过的提示词。",
        "{first} and {second} have no prompt answered by both in {id}.",
    ),
    "error.judge_teacher": Text(
        "内置写作器只写作，不评判，请指定别的教师模型或地址。",
        "The composer writes and judges nothing; name another teacher, or an address.",
    ),
    # elsewhere
    "error.remote_token": Text(
        "没有设置 HF_TOKEN，请导出一个可写并能启动任务的令牌。",
        "HF_TOKEN is not set; export a token that may write and start jobs.",
    ),
    "error.remote_local": Text(
        "{name} 只在这台机器上；请用 Hub 上的基座，不接着旧适配器。",
        "{name} lies on this machine only; name a base of the Hub, and no adapter.",
    ),
    "error.remote_ended": Text(
        "远程任务（{stage}）在训练结束前就停了，请看日志。",
        "The job ended ({stage}) before the run did; look at the log.",
    ),
    "error.remote_hub": Text(
        "Hub 没有完成（{doing}）：{reason}。请检查 HF_TOKEN、它的权限和网络，再继续这次训练。",
        "The Hub did not do it ({doing}): {reason}. Check HF_TOKEN, its rights and the network, then let the run go on.",
    ),
    # publishing
    "error.publish_repo": Text(
        "“{repo}”不是仓库名，请写成 用户名/名称，各不超过 96 个字母、数字、-、_ 或 .。",
        "“{repo}” names no repository; write owner/name, each of up to 96 letters, digits, -, _ or .",
    ),
    "error.publish_token": Text(
        "没有令牌：请导出可写的 HF_TOKEN，或运行 hf auth login 登录。",
        "There is no token: export HF_TOKEN with one that may write, or sign in with hf auth login.",
    ),
    "error.publish_token_inside": Text(
        "文件 {names} 里含有访问令牌，请先去掉。", "The files {names} hold the access token; take it out of them."
    ),
    "error.publish_expired": Text(
        "Hub 不接受这个令牌：它已过期或被撤销。请新建一个可写的令牌并导出为 HF_TOKEN。",
        "The Hub does not take the token: it has expired or was revoked. Make a new one that may write, and export it as HF_TOKEN.",
    ),
    "error.publish_rights": Text(
        "这个令牌不能写入 {repo}。请检查用户名，并给令牌写入权限。",
        "The token may not write to {repo}. Check the owner's name, and give the token the right to write there.",
    ),
    "error.publish_taken": Text(
        "名称 {repo} 已被占用，而这个令牌不能把它作为 {kind} 打开。请换个名称，或换一个可读它的令牌。",
        "The name {repo} is taken by something that this token cannot open as a {kind}. Take another name, or a token that may read it.",
    ),
    "error.publish_public": Text(
        "所有人都能看到 {repo}。确实要公开请加 --public，否则请先在它的页面上改为私有。",
        "Everyone can read {repo}. Say --public if that is meant, or make it private on its page first.",
    ),
    "error.publish_foreign": Text(
        "{repo} 里有不是 hesui 写的、或之后被改过的文件：{names}。请换个名称，移走它们，或用 --overwrite 替换。",
        "{repo} holds files that hesui did not write, or that were changed since: {names}. Take another name, move them away, "
        "or replace them with --overwrite.",
    ),
    "error.publish_check_start": Text(
        "要上传的应用启动不了，因此什么都没有上传。它的日志结尾是：{log}。请先在本机修好。",
        "The app as it would be uploaded does not start, so nothing was uploaded. Its log ends: {log}. Put it right here first.",
    ),
    "error.publish_check_tabs": Text(
        "要上传的应用能启动，但页面上缺少：{names}，因此什么都没有上传。请先在本机修好。",
        "The app as it would be uploaded starts, but its page lacks {names}, so nothing was uploaded. Put it right here first.",
    ),
    "error.publish_moved": Text(
        "其间有人改动了 {repo}，请先看一看，再运行同样的命令。",
        "Somebody changed {repo} in the meantime. Look at it, then run the same command again.",
    ),
    "error.publish_offline": Text(
        "设置了 HF_HUB_OFFLINE，因此不会连接 Hub；要发布请取消它。",
        "HF_HUB_OFFLINE is set, so the Hub is not asked; unset it to publish.",
    ),
    "error.publish_network": Text(
        "与 Hub 的连接断了（{reason}）。请检查网络，再运行同样的命令；已上传的内容不会重传。",
        "The connection to the Hub broke ({reason}). Check the network and run the same command again: what is there already "
        "is not sent again.",
    ),
    "error.publish_hub": Text(
        "Hub 没有接受：{reason}。请再运行同样的命令。",
        "The Hub did not take it: {reason}. Run the same command again.",
    ),
}
